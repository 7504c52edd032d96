import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMON_OPTIONS, parseVerb, type Verb, type VerbOptions } from '../../packages/core/src/cli/verb.ts'
import { VERBS } from '../../packages/core/src/cli/verbs.ts'
import { ourPlugins } from '../../scripts/docs/our-plugins.ts'
import { ROOT } from './blocks.ts'

/** The commands of a shell script: each as its words, without assignments, redirections and `npx`. */
export function commandsOf(script: string): readonly (readonly string[])[] {
  const joined = script.replaceAll(/\\\n\s*/g, ' ')
  return joined.split('\n').flatMap(partsOf).map(bare).filter((words) => words.length > 0)
}

/** What is wrong with a command: a verb, an option, a script that does not exist. `undefined` for what is not ours to judge. */
export async function commandProblem([program, ...args]: readonly string[]): Promise<string | undefined> {
  if (program === 'stk') return stkProblem(args)
  if (program === 'npm' && args[0] === 'run') return scriptProblem(args.slice(1).find((arg) => !arg.startsWith('-')) ?? '')
  if (program === 'npm' && (args[0] === 'install' || args[0] === 'i')) return packagesProblem(args)
  return undefined
}

/** What is wrong with a command that running text names: it may leave out what it is not about. */
export async function mentionProblem([program, name = '', ...args]: readonly string[]): Promise<string | undefined> {
  if (program !== 'stk') return undefined
  const listing = VERBS.find((verb) => verb.name === name)
  if (listing === undefined) return `stk has no verb "${name}"`
  const verb = await listing.load()
  const known = [...Object.keys({ ...verb.options, ...COMMON_OPTIONS, ...(verb.takesTargetFlags === true ? await targetFlags() : {}) })]
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const unknown = own.find((arg) => arg.startsWith('--') && !known.includes(arg.slice(2).split('=')[0] ?? ''))
  return unknown === undefined ? positionalProblem(verb, own.filter((arg) => /^[a-z]/.test(arg)).slice(0, 1), false) : `stk ${name} has no option ${unknown}`
}

async function stkProblem([name = '', ...args]: readonly string[]): Promise<string | undefined> {
  if (['--help', '--version', '-v', 'VERB'].includes(name)) return undefined
  const listing = VERBS.find((verb) => verb.name === name)
  if (listing === undefined) return `stk has no verb "${name}"`
  const verb = await listing.load()
  try {
    const { positionals } = parseVerb(verb, args, verb.takesTargetFlags === true ? await targetFlags() : undefined)
    return positionalProblem(verb, positionals)
  } catch (error) {
    return (error as { details?: { why?: string } }).details?.why ?? String(error)
  }
}

/** `template|check|…` in a usage line says which words may stand there. */
function positionalProblem({ name, positionals: usage = '' }: Verb, given: readonly string[], isWhole = true): string | undefined {
  const [first = ''] = usage.split(' ')
  const choices = first.replaceAll(/[[\]]/g, '').split('|')
  if (choices.length > 1 && given[0] !== undefined && !choices.includes(given[0])) return `stk ${name} does not know "${given[0]}"`
  if (isWhole && choices.length > 1 && given.length === 0) return `stk ${name} lacks one of ${choices.join(', ')}`
  return undefined
}

let flags: VerbOptions | undefined

/** Those of every target of ours. */
async function targetFlags(): Promise<VerbOptions> {
  if (flags !== undefined) return flags
  const found: VerbOptions[] = []
  for (const { index, targetType } of ourPlugins()) {
    if (targetType === undefined) continue
    const { default: plugin } = await import(index) as { readonly default: () => { readonly targets?: readonly { readonly flags?: VerbOptions }[] } }
    found.push(...(plugin().targets ?? []).map((target) => target.flags ?? {}))
  }
  flags = Object.assign({}, ...found) as VerbOptions
  return flags
}

function scriptProblem(name: string): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly scripts: object }
  return name in scripts ? undefined : `there is no script "${name}"`
}

function packagesProblem(args: readonly string[]): string | undefined {
  const ours = args.filter((arg) => arg.startsWith('@santokit/')).map((arg) => arg.slice('@santokit/'.length))
  const known = ['core', 'bridge', 'client', ...ourPlugins().map(({ name }) => name)]
  const unknown = ours.find((name) => !known.includes(name))
  return unknown === undefined ? undefined : `there is no package @santokit/${unknown}`
}

/** A line's commands, each as words. Quotes hold words together; a comment ends the line. */
function partsOf(line: string): readonly (readonly string[])[] {
  const parts: string[][] = [[]]
  for (const [token, , double, single] of line.matchAll(/(?<=^|\s)(#.*)$|"([^"]*)"|'([^']*)'|&&|\|\||[|;]|[^\s"'|;&]+|&/g)) {
    if (token.startsWith('#')) break
    if (['&&', '||', '|', ';', '&'].includes(token)) parts.push([])
    else parts.at(-1)?.push(double ?? single ?? token)
  }
  return parts
}

function bare(words: readonly string[]): readonly string[] {
  let rest = [...words]
  while (rest.length > 0 && (/^[A-Z_][A-Z0-9_]*=/.test(rest[0] ?? '') || ['$', 'npx', 'exec', 'sudo', 'env'].includes(rest[0] ?? ''))) rest = rest.slice(1)
  const redirected = rest.findIndex((word) => /^\d?[<>]/.test(word))
  return redirected === -1 ? rest : rest.slice(0, redirected)
}
