import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { watchFiles } from './watch.ts'

test('a file that is written again right after a save is read again', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'santokit-watch-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const file = join(root, 'list.sql')
  await writeFile(file, 'select 1')
  const read: string[] = []
  const watch = await watchFiles({
    paths: [root], optional: join(root, '.env'), root,
    async changed() {
      read.push(await readFile(file, 'utf8'))
      // As a formatter does that sees the save, too.
      if (read.length === 1) await writeFile(file, 'select 2')
    },
  })
  onTestFinished(() => watch.close())
  await writeFile(file, 'select  2')
  await expect.poll(() => read.at(-1), { timeout: 20_000 }).toBe('select 2')
})

test('what changes after it was closed is not told, even when it was closed in the middle of a change', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'santokit-watch-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const file = join(root, 'list.sql')
  await writeFile(file, 'select 1')
  let told = 0
  let goOn = (): void => {}
  const closed = new Promise<void>((resolve) => { goOn = resolve })
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => { finish = resolve })
  const watch = await watchFiles({
    paths: [root], optional: join(root, '.env'), root,
    async changed() {
      told += 1
      await closed
      // As if nobody had heard of it.
      await writeFile(file, 'select 3')
      finish()
    },
  })
  await writeFile(file, 'select  2')
  await expect.poll(() => told, { timeout: 20_000 }).toBe(1)
  await watch.close()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  goOn()
  await finished
  await new Promise((resolve) => setImmediate(resolve))
  await vi.runAllTimersAsync()
  expect(told).toBe(1)
})

test('what comes while a folder is named once more is told', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'santokit-watch-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const told = new Set<string>()
  const watch = await watchFiles({
    paths: [root], optional: join(root, '.env'), root,
    async changed(files) { for (const file of files) told.add(file) },
  })
  onTestFinished(() => watch.close())
  for (let round = 0; round < 20; round += 1) {
    const file = join(root, `config-${round}/permissions.yaml`)
    watch.add([root])
    await mkdir(join(root, `config-${round}`))
    await writeFile(file, 'a')
    await expect.poll(() => told.has(file), { timeout: 20_000 }).toBe(true)
  }
}, 60_000)

test('a file that is saved after it was read and before it is watched is read again', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'santokit-watch-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const outside = await realpath(await mkdtemp(join(tmpdir(), 'santokit-watch-')))
  onTestFinished(() => rm(outside, { recursive: true, force: true }))
  const imported = join(outside, 'word.ts')
  await writeFile(imported, 'one')
  const rounds: (readonly string[])[] = []
  const watch = await watchFiles({
    paths: [root], optional: join(root, '.env'), root,
    async changed(files) {
      rounds.push(files)
      if (rounds.length > 1) return
      await writeFile(imported, 'two')
      watch.add([imported])
    },
  })
  onTestFinished(() => watch.close())
  await writeFile(join(root, 'list.sql'), 'select 1')
  await expect.poll(() => rounds.flat(), { timeout: 20_000 }).toContain(imported)
})
