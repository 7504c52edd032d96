import type { SecretValue, TargetContext } from '@santokit/core'
import type { ImageSettings } from './options.ts'
import { connect, openRepository, parseReference, type Connection, type Repository } from './registry/index.ts'

type Context = Pick<TargetContext<ImageSettings>, 'options' | 'credential' | 'signal'>

interface Session {
  readonly registry: string
  readonly repository: string
  readonly secrets: string
  readonly connection: Connection
}

/** Open connections by the run they belong to, so that its phases sign in once. */
const sessions = new WeakMap<AbortSignal, Session[]>()

/** The repository that images go to. */
export async function openDestination(ctx: Context): Promise<Repository> {
  const { registry, repository } = parseReference(ctx.options.repository)
  return openPlace({ registry, repository }, 'push', ctx)
}

/**
 * Opens a repository, with the credentials of the options where it is in the registry they are for. Nothing is asked yet.
 */
export async function openPlace(
  { registry, repository }: { readonly registry: string; readonly repository: string }, access: Repository['access'], ctx: Context,
): Promise<Repository> {
  const { options, signal } = ctx
  const isOurs = parseReference(options.repository).registry === registry
  const [username, password] = isOurs ? await Promise.all([ctx.credential(options.username), ctx.credential(options.password)]) : []
  const secrets = JSON.stringify([reveal(username), reveal(password), options.insecure])
  const open = sessions.get(signal) ?? []
  const known = open.find((each) => each.registry === registry && each.repository === repository && each.secrets === secrets)
  const connection = known?.connection ?? connect({
    registry,
    insecure: options.insecure && isOurs,
    signal,
    // Loaded when a registry asks for them.
    credential: async () => (await import('./registry/credentials/find.ts')).findCredential({
      registry, repository, env: process.env, signal,
      ...(username === undefined || password === undefined ? {} : { explicit: { kind: 'password' as const, username: username.reveal(), password } }),
    }),
  })
  if (known === undefined) sessions.set(signal, [...open, { registry, repository, secrets, connection }])
  return openRepository(connection, repository, access)
}

function reveal(value: SecretValue | undefined): string | null {
  return value?.reveal() ?? null
}
