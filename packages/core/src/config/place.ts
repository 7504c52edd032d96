/** What is meant where nobody names an environment. */
export const DEFAULT_ENVIRONMENT = 'production'

/** Where something is, as far as a command has to be told. */
export interface Place {
  readonly project: { readonly name: string }
  readonly target?: { readonly name: string }
  readonly environment: string
}

/**
 * The flags that have a command act on just this place: `--project shop --target edge --env staging`. What is printed to be copied
 * carries them all, since without the last one it would act on production.
 */
export function placeFlags({ project, target, environment }: Place): string {
  return `--project ${project.name}${target === undefined ? '' : ` --target ${target.name}`}${environmentFlag(environment)}`
}

/** ` --env staging`, or nothing for the environment that is meant without it. */
export function environmentFlag(environment: string): string {
  return environment === DEFAULT_ENVIRONMENT ? '' : ` --env ${environment}`
}
