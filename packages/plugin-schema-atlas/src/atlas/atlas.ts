import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StkError, type SchemaContext } from '@santokit/core'
import { z } from 'zod'
import type { AtlasOptions } from '../options.ts'
import { explainFailure } from './failure.ts'
import { findAtlas } from './find.ts'
import { FROM_URL, projectFile, TO_URL, type AtlasScope } from './project-file.ts'
import { runAtlas, type AtlasOutput } from './run.ts'
import { checkFlags, parseVersion, type AtlasVersion } from './version.ts'

/** The Atlas program, as far as it is needed here. */
export interface Atlas {
  readonly program: string
  /** @throws StkError STK6002 when it is no Atlas, too old, or lacks a flag. */
  version(): Promise<AtlasVersion>
  /**
   * The statements that lead from one database to the other, each without its `;`. Runs none of them.
   *
   * @param to a database, or `file://` URLs of HCL sources.
   */
  diff(from: string, to: string | readonly string[], scope: AtlasScope): Promise<readonly string[]>
  /** Makes `database` what HCL sources say. */
  applyHcl(database: string, sources: readonly string[], scope: AtlasScope): Promise<void>
}

/** How long one run may take unless the options say otherwise, in seconds. */
const TIMEOUT = 120

const changes = z.object({ Pending: z.array(z.union([z.string(), z.object({ Cmd: z.string() })])).nullish() })

/** @throws StkError STK6002 when there is none. */
export function openAtlas(options: AtlasOptions, ctx: Pick<SchemaContext, 'root' | 'env' | 'signal'>): Atlas {
  const program = findAtlas({ program: options.program, root: ctx.root, env: ctx.env })
  const run = (args: readonly string[], secrets: Readonly<Record<string, string>> = {}, cwd = tmpdir()): Promise<AtlasOutput> =>
    runAtlas({ program, args, secrets, env: ctx.env, cwd, signal: ctx.signal, timeout: (options.timeout ?? TIMEOUT) * 1000 })

  async function schemaApply(from: string, to: string | readonly string[], scope: AtlasScope, flags: readonly string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'stk-atlas-'))
    try {
      const config = join(folder, 'atlas.hcl')
      const sources = typeof to === 'string' ? [] : to
      await writeFile(config, projectFile(scope, sources), { mode: 0o600 })
      const secrets = { [FROM_URL]: from, ...(typeof to === 'string' ? { [TO_URL]: to } : {}) }
      const output = await run(['schema', 'apply', '--config', pathToFileURL(config).href, '--env', 'stk', ...flags], secrets, folder)
      if (output.code !== 0) throw explainFailure(output)
      return output.stdout
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  return {
    program,
    async version() {
      const [version, help] = await Promise.all([run(['version']), run(['schema', 'apply', '--help'])])
      const found = parseVersion(version.stdout + version.stderr, program)
      checkFlags(help.stdout + help.stderr, program)
      return found
    },
    async diff(from, to, scope) {
      return readPending(await schemaApply(from, to, scope, ['--dry-run', '--format', '{{ json .Changes }}']))
    },
    async applyHcl(database, sources, scope) {
      await schemaApply(database, sources, scope, ['--auto-approve', '--format', '{{ json .Changes.Error }}'])
    },
  }
}

function readPending(stdout: string): readonly string[] {
  const parsed = changes.safeParse(jsonOf(stdout))
  if (!parsed.success) throw new StkError('STK6002', { why: 'Atlas answered with something that is no plan.', fix: 'Try another version of Atlas.' })
  return (parsed.data.Pending ?? []).map((change) => (typeof change === 'string' ? change : change.Cmd))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
