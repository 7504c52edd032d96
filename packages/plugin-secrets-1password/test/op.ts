import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FakeWorld } from './world.ts'

/** What the stand-in for `op` does beside answering from its world. */
export interface Manner {
  /** The service account it accepts. Without one, a person is signed in. */
  readonly token?: string
  /** Fails everything with this text. */
  readonly says?: string
  /** Calls before the rate limit. */
  readonly allowed?: number
  /** Milliseconds before it answers. */
  readonly latency?: number
  readonly hangs?: boolean
}

export interface OpCall {
  readonly pid: number
  readonly args: readonly string[]
  /** Names of its environment variables. */
  readonly env: readonly string[]
}

/** An `op` on a `PATH` of its own. */
export interface FakeOp {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  calls(): readonly OpCall[]
  remove(): void
}

export function fakeOp(world: FakeWorld, manner: Manner = {}): FakeOp {
  const folder = mkdtempSync(join(tmpdir(), 'santokit-fake-op-'))
  const program = join(folder, 'op')
  const script = fileURLToPath(new URL('fake-op.mjs', import.meta.url))
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`)
  chmodSync(program, 0o755)
  writeFileSync(join(folder, 'world.json'), JSON.stringify({ ...world, ...manner }))
  const calls = join(folder, 'calls')
  return {
    program,
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, OP_CONFIG_DIR: folder, ...(manner.token === undefined ? {} : { OP_SERVICE_ACCOUNT_TOKEN: manner.token }) },
    // Whole lines only: the last may be on its way.
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as OpCall) : []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
