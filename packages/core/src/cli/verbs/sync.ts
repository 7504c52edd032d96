import type { Json } from '@santokit/bridge/manifest'
import { CLIENT_TYPES_FILE } from '../../client-types/client-types.ts'
import type { DescribedProject } from '../../client-types/index.ts'
import { StkError } from '../../diagnostics/index.ts'
import { writeOutFile } from '../out-file.ts'
import { withLifecycle } from '../session.ts'
import { defineVerb, PROJECT_OPTION, type VerbCall, type VerbOptions } from '../verb.ts'

const DEFAULT_FILE = CLIENT_TYPES_FILE

const OPTIONS = {
  ...PROJECT_OPTION,
  from: { type: 'string', multiple: true, value: 'WHERE', summary: 'The URL of a running Bridge or the file of a manifest, instead of the sources; may be repeated. Needs no config' },
  out: { type: 'string', value: 'FILE', summary: `Write here (default: ${DEFAULT_FILE}; - for stdout)` },
  check: { type: 'boolean', summary: 'Write nothing; exit 1 if the file is not up to date' },
} as const satisfies VerbOptions

type SyncCall = VerbCall<typeof OPTIONS>

export const sync = defineVerb({
  name: 'sync',
  summary: 'Write the types of @santokit/client, from the sources, manifests or running Bridges',
  options: OPTIONS,
  examples: [
    ['stk sync', `writes ${DEFAULT_FILE}; commit it`],
    ['stk sync --check', 'in CI: fails when logic changed and the types did not'],
    ['stk sync --from https://shop.example.com --out src/shop.d.ts', 'in another repository'],
    ['stk sync --from dist/shop/manifest.json', 'from what stk build wrote'],
  ],
  async run(call) {
    const { options } = call
    if (options.from.length > 0) {
      if (options.project.length > 0) throw new StkError('STK1020', { why: 'A Bridge and a manifest are of one project, so --from goes without --project.', fix: 'Leave out --project.' })
      return finish(await Promise.all(options.from.map((from) => describe(from, call))), call.cwd, call)
    }
    return withLifecycle(call, 'sync', async (lifecycle) => {
      const [{ selectProjects }, { bundleProject }, { callables }] = await Promise.all([
        import('../../lifecycle/select.ts'), import('../../lifecycle/bundle-project.ts'), import('../../client-types/index.ts'),
      ])
      const described: DescribedProject[] = []
      for (const project of selectProjects(lifecycle.config, options.project)) {
        const { manifest } = await bundleProject(project, lifecycle)
        described.push({ name: project.name, logic: callables(manifest) })
      }
      return finish(described, lifecycle.config.root, call)
    })
  },
})

/** A document of logic is text; this is far more than thousands of them take. */
const DOCUMENT_BYTES = 32 * 1024 * 1024

/** What has no scheme is a file. `C:` is none. */
async function describe(from: string, { cwd, signal }: SyncCall): Promise<DescribedProject> {
  return /^[a-z][a-z\d+.-]+:/i.test(from) ? describeBridge(from, signal) : describeManifest(from, cwd)
}

async function describeManifest(given: string, cwd: string): Promise<DescribedProject> {
  const refused = (why: string, fix: string | readonly string[], cause: unknown): StkError => new StkError('STK1020', { why: `--from ${given}: ${why}`, fix, cause })
  const [{ readFile }, { resolve }, { parseManifest }, { callables }] = await Promise.all([
    import('node:fs/promises'), import('pathe'), import('@santokit/bridge/manifest/schema'), import('../../client-types/index.ts'),
  ])
  let text: string
  try {
    text = await readFile(resolve(cwd, given), 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EISDIR') throw refused('this is a folder.', `Name the manifest in it: stk sync --from ${given.replace(/\/$/, '')}/manifest.json`, error)
    if (code === 'ENOENT' || code === 'ENOTDIR') throw refused('there is no such file.', ['stk build writes one: stk sync --from dist/shop/manifest.json', 'A Bridge has an address: stk sync --from https://shop.example.com'], error)
    throw refused(`it cannot be read: ${message}`, 'Give yourself permission to read it.', error)
  }
  try {
    const manifest = parseManifest(parse(text))
    return { name: manifest.project, logic: callables(manifest) }
  } catch (error) {
    throw refused(`this is no manifest that can be read here. ${(error as Error).message}`, 'Name a manifest.json as stk build writes it, of this version of Santokit.', error)
  }
}

async function describeBridge(given: string, signal: AbortSignal): Promise<DescribedProject> {
  const refused = (why: string, fix: string, cause?: unknown): StkError => new StkError('STK4001', { why: `${given}: ${why}`, fix, ...(cause === undefined ? {} : { cause }) })
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new StkError('STK1020', { why: `"${given}" is not the address of a Bridge.`, fix: 'stk sync --from https://shop.example.com' })
  }
  const { fromOpenApi } = await import('../../client-types/index.ts')
  let text = ''
  try {
    const answer = await fetch(new URL('openapi.json', given.endsWith('/') ? given : `${given}/`), { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) })
    if (!answer.ok) throw refused(`it answered ${answer.status} for /openapi.json.`, 'Is it a Bridge, and is it up? Look at its /health.')
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString('latin1')
      if (text.length > DOCUMENT_BYTES) throw refused('its /openapi.json is far too large.', 'Is it a Bridge?')
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof StkError ? error : refused('it cannot be reached.', 'Is it up, and is the address right? Look at its /health.', error)
  }
  const described = fromOpenApi(parse(Buffer.from(text, 'latin1').toString('utf8')))
  if (described === undefined) throw refused('its /openapi.json is not a Bridge\'s.', 'Is it a Bridge? Look at its /health.')
  return described
}

async function finish(projects: readonly DescribedProject[], root: string, { options, terminal }: SyncCall): Promise<number> {
  const [{ clientTypes }, { readFile }, { resolve }] = await Promise.all([import('../../client-types/index.ts'), import('node:fs/promises'), import('pathe')])
  const twice = projects.find(({ name }, index) => projects.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) throw new StkError('STK1020', { why: `Two of those that --from names are of a project "${twice.name}".`, fix: 'Name each project once.' })
  const text = clientTypes(projects)
  const out = options.out ?? DEFAULT_FILE
  const logics = projects.reduce((sum, { logic }) => sum + logic.length, 0)
  if (out === '-') {
    terminal.print(text)
    terminal.event({ type: 'result', ok: true, types: text })
    return 0
  }
  const file = resolve(root, out)
  const current = await readFile(file, 'utf8').catch(() => undefined)
  const fresh = current === text
  if (options.check) {
    terminal.event({ type: 'result', ok: fresh, file: out, logics, changed: !fresh })
    terminal.print(fresh ? `\n  ${terminal.paint.green('✔')} ${out}  up to date\n` : `\n  ${terminal.paint.red('✖')} ${out}  ${current === undefined ? 'is missing' : 'is not up to date'}\n    fix  stk sync\n`)
    return fresh ? 0 : 1
  }
  if (!fresh) await writeOutFile(root, out, text)
  terminal.print(`\n  ${terminal.paint.green('✔')} ${out}  ${projects.map(({ name }) => name).join(', ')}: ${logics} logic${logics === 1 ? '' : 's'}${fresh ? ', no change' : ''}\n`)
  terminal.event({ type: 'result', ok: true, file: out, logics, changed: !fresh })
  return 0
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
