import { StkError, suggestion, throwAll } from '../diagnostics/index.ts'
import type { ConfigFile } from './files.ts'
import type { Layer } from './layers.ts'
import { isMergeable } from './merge.ts'
import { DEFAULT_ENVIRONMENT } from './place.ts'
import { invalid } from './refusal.ts'

/** These need not be declared. */
const KNOWN = ['production', 'development']

/** Which environment is meant: `--env`, then `STK_ENV`, then {@link DEFAULT_ENVIRONMENT}. */
export function chooseEnvironment(asked: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  return [asked, env.STK_ENV].find((name) => name !== undefined && name !== '') ?? DEFAULT_ENVIRONMENT
}

/**
 * Splits files into layers: the environment's parts of each, which win over everything, and the rest.
 *
 * @param files the strongest first.
 * @throws StkError STK1005 if no file knows the environment, STK1003 if `environments` is malformed.
 */
export function environmentLayers(files: readonly ConfigFile[], environment: string): readonly Layer[] {
  throwAll(files.flatMap(malformed))
  const declared = new Set(files.flatMap(({ value }) => Object.keys(value.environments ?? {})))
  if (!declared.has(environment) && !KNOWN.includes(environment)) {
    const names = [...new Set([...declared, ...KNOWN])]
    throw new StkError('STK1005', {
      why: `There is no environment "${environment}". ${suggestion(environment, names)}`,
      fix: `Name one of ${names.join(', ')} with --env or STK_ENV, or add "${environment}" to \`environments\`.`,
      configPath: 'environments',
      where: files[0]?.locate?.(['environments']),
    })
  }
  const [first] = files
  const chosen = files.flatMap((file): readonly Layer[] => {
    const value: unknown = isMergeable(file.value.environments) ? file.value.environments[environment] : undefined
    if (!isMergeable(value)) return []
    const owner = file === first ? `environment ${environment}` : `${file.owner}, environment ${environment}`
    return [{ owner, value, locate: (path) => file.locate?.(['environments', environment, ...path]) }]
  })
  return [...chosen, ...files.map(withoutOwnParts)]
}

function malformed(file: ConfigFile): readonly StkError[] {
  const { environments } = file.value
  if (environments === undefined) return []
  if (!isMergeable(environments)) return [invalid(file, ['environments'], 'must be an object of environments by name')]
  return Object.entries(environments).flatMap(([name, value]) => {
    if (value === undefined) return []
    if (!isMergeable(value)) return [invalid(file, ['environments', name], 'must be an object of settings')]
    const others = Object.keys(value).filter((key) => key !== 'projects' && key !== 'outDir')
    const fix = 'An environment sets `projects` and `outDir`. For anything else, export a function: defineConfig(({ environment }) => ({ … })).'
    return others.map((key) => invalid(file, ['environments', name, key], 'cannot depend on the environment', fix))
  })
}

/** What is not for merging: plugins are listed, and environments are chosen from. */
function withoutOwnParts(file: ConfigFile): Layer {
  const { plugins: _, environments: __, ...value } = file.value
  return { ...file, value }
}
