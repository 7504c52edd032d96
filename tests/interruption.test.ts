import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { checkout, LIST, type Checkout } from './checkout.ts'

/** Proves that the pointer, if there is one, names a release that is whole. */
async function liveIsWhole({ root }: Checkout): Promise<string | undefined> {
  const pointer = join(root, 'releases/notes/environments/production.json')
  if (!existsSync(pointer)) return undefined
  const { details, digest } = JSON.parse(await readFile(pointer, 'utf8')) as { details: { BUNDLE_URL: string; BUNDLE_SHA256: string }; digest: string }
  const archive = await readFile(fileURLToPath(details.BUNDLE_URL))
  expect(createHash('sha256').update(archive).digest('hex')).toBe(details.BUNDLE_SHA256.replace('sha256:', ''))
  return digest
}

test('a release killed at any moment leaves the last one live, and the next run finishes it', async () => {
  const repository = await checkout()
  expect(await repository.stk('release', '--yes')).toMatchObject({ code: 0 })
  await repository.write('notes/logic/notes/list.sql', LIST.replace('desc', 'desc /* timed */'))
  const began = performance.now()
  await repository.stk('release', '--yes')
  const lifetime = performance.now() - began
  const ends = new Set<string>()
  for (let round = 0; round < 12; round++) {
    await repository.write('notes/logic/notes/list.sql', LIST.replace('desc', `desc /* ${round} */`))
    const before = await liveIsWhole(repository)
    const { child, ended } = repository.spawnStk(['release', '--yes'])
    // From the middle of a run, where the writing is, to past its end.
    const timer = setTimeout(() => child.kill('SIGKILL'), lifetime * (0.5 + (0.7 * round) / 11))
    ends.add((await ended).code === 0 ? 'finished' : 'killed')
    clearTimeout(timer)
    const after = await liveIsWhole(repository)
    const finished = await repository.stk('release', '--yes')
    expect(finished).toMatchObject({ code: 0 })
    const final = await liveIsWhole(repository)
    expect(final).not.toBe(before)
    expect([before, final]).toContain(after)
  }
  expect(ends).toContain('killed')
})

test('two builds of one project at once leave a whole dist', async () => {
  const repository = await checkout()
  const runs = [1, 2, 3, 4].map(() => repository.spawnStk(['build', '--verify', '--json']).ended)
  const results = await Promise.all(runs)
  expect(results.map((result) => result.code)).toEqual([0, 0, 0, 0])
  const manifest = JSON.parse(await repository.read('dist/notes/manifest.json')) as { files: Record<string, { digest: string }> }
  for (const [path, { digest }] of Object.entries(manifest.files)) {
    const bytes = await readFile(join(repository.root, 'dist/notes/bundle', path))
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest)
  }
  expect(Object.keys(await repository.files()).filter((path) => path.includes('.stk-'))).toEqual([])
})

test('a lock that a killed build left behind does not stop the next', async () => {
  const repository = await checkout()
  const { child, ended } = repository.spawnStk(['--version'])
  await ended
  await repository.write('dist/notes/.stk-lock', String(child.pid))
  expect(await repository.stk('build')).toMatchObject({ code: 0 })
})

test('Ctrl-C in the middle of a build writes nothing and exits with 130', async () => {
  const repository = await checkout()
  const before = await repository.files()
  const { child, ended } = repository.spawnStk(['build', '--json'])
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  child.kill('SIGINT')
  const { code, events } = await ended
  expect(code).toBe(130)
  expect(events.at(-1)).toMatchObject({ type: 'result', ok: false })
  expect(await repository.files()).toEqual(before)
})

test('Ctrl-C ends stk dev with 130, its Bridges gone', async () => {
  const repository = await checkout({ 'notes/schema/main.sql': 'create table notes (id integer primary key, text text not null);' })
  const running = repository.spawnStk(['dev', '--port', '0', '--json'])
  const url = await new Promise<string>((resolve, reject) => {
    running.child.stdout?.on('data', () => {
      const line = running.output().split('\n').find((text) => text.includes('"serving"') && text.endsWith('}'))
      if (line !== undefined) resolve((JSON.parse(line) as { projects: { url: string }[] }).projects[0]?.url ?? '')
    })
    void running.ended.then((ran) => reject(new Error(ran.stdout + ran.stderr)))
  })
  const call = async (path: string, params: unknown = {}): Promise<Response> =>
    fetch(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path, params }) })
  expect(await (await call('notes/add', { text: 'one' })).json()).toEqual({ data: { changed: 1 } })
  expect(await (await call('notes/list')).json()).toEqual({ data: [{ id: 1, text: 'one' }] })

  // A save that does not build leaves the last good Bridge; the next that does replaces it.
  const next = (pattern: RegExp): Promise<void> => new Promise((resolve) => {
    const seen = running.output().length
    const look = (): void => {
      if (pattern.test(running.output().slice(seen))) {
        running.child.stdout?.off('data', look)
        resolve()
      }
    }
    running.child.stdout?.on('data', look)
  })
  const failed = next(/"phase:failed"/)
  await repository.write('notes/logic/notes/list.sql', LIST.replace(':limit', ':nothing'))
  await failed
  expect((await call('notes/list')).status).toBe(200)
  const mended = next(/"served"/)
  await repository.write('notes/logic/notes/list.sql', LIST.replace('select id, text', 'select text'))
  await mended
  expect(await (await call('notes/list')).json()).toEqual({ data: [{ text: 'one' }] })

  running.child.kill('SIGINT')
  expect(await running.ended).toMatchObject({ code: 130 })
  await expect(fetch(`${url}/health`)).rejects.toThrow()
})
