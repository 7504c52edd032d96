import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { helperKey, helperOf, inlineCredential, parseConfigFile, type ConfigFile } from './config-file.ts'
import type { Credential } from './credential.ts'
import { askHelper } from './helper.ts'

export interface CredentialSearch {
  /** As in a reference: `ghcr.io`. */
  readonly registry: string
  readonly repository: string
  /** What the config of the project gives for this registry. It wins. */
  readonly explicit?: Credential
  /** The process environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Milliseconds that a helper may take. */
  readonly helperTimeout?: number
}

/**
 * Finds how to sign in to a registry, where docker and podman keep it. The first place that knows the registry decides:
 *
 * 1. the project's config;
 * 2. `DOCKER_AUTH_CONFIG`, which holds a config.json (GitLab CI);
 * 3. the file that `REGISTRY_AUTH_FILE` names;
 * 4. `config.json` in `DOCKER_CONFIG`, else in `~/.docker`;
 * 5. podman's `auth.json` in `XDG_RUNTIME_DIR/containers`, then in `XDG_CONFIG_HOME/containers`
 *    (containers-auth.json(5)).
 *
 * Only the helper of this registry is run, and none if an earlier place has an answer.
 *
 * @returns `undefined`: nobody has signed in, so it is tried without.
 * @throws StkError STK4107 if the helper that should know does not work.
 */
export async function findCredential(search: CredentialSearch): Promise<Credential | undefined> {
  if (search.explicit !== undefined) return search.explicit
  for (const read of places(search.env)) {
    const file = await read()
    const found = file === undefined ? undefined : await credentialIn(file, search)
    if (found !== undefined) return found
  }
  return undefined
}

function places(env: CredentialSearch['env']): readonly (() => Promise<ConfigFile | undefined>)[] {
  const home = nonEmpty(env.HOME) ?? nonEmpty(env.USERPROFILE) ?? homedir()
  const inline = nonEmpty(env.DOCKER_AUTH_CONFIG)
  const files = [
    nonEmpty(env.REGISTRY_AUTH_FILE),
    join(nonEmpty(env.DOCKER_CONFIG) ?? join(home, '.docker'), 'config.json'),
    ...(nonEmpty(env.XDG_RUNTIME_DIR) === undefined ? [] : [join(env.XDG_RUNTIME_DIR ?? '', 'containers/auth.json')]),
    join(nonEmpty(env.XDG_CONFIG_HOME) ?? join(home, '.config'), 'containers/auth.json'),
  ].filter((path) => path !== undefined)
  return [
    ...(inline === undefined ? [] : [() => Promise.resolve(parseConfigFile(inline))]),
    ...files.map((path) => async () => {
      const content = await readFile(path, 'utf8').catch(() => undefined)
      return content === undefined ? undefined : parseConfigFile(content)
    }),
  ]
}

/** A helper is asked before the file's own entries, as docker does; one that has nothing leaves the word to them. */
async function credentialIn(file: ConfigFile, search: CredentialSearch): Promise<Credential | undefined> {
  const { registry, repository, env, signal, helperTimeout } = search
  const helper = helperOf(file, registry)
  const held = helper === undefined
    ? undefined
    : await askHelper(helper, helperKey(registry), { env, signal, ...(helperTimeout === undefined ? {} : { timeout: helperTimeout }) })
  return held ?? inlineCredential(file, registry, repository)
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
