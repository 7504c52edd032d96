import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
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
