import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { LibsqlEntry, PostgresEntry, Setting } from '@santokit/bridge/manifest'
import { dirname, join } from 'pathe'
import { onTestFinished } from 'vitest'
import type { ResolvedProject } from '../config/resolved.ts'
import type { SecretContext, SecretProvider } from '../plugin/contract.ts'
import { guardedProvider } from './guarded-provider.ts'
import { createSecretResolver, type SecretResolver } from './resolver.ts'

/** A resolved project for the tests of this folder. */
export function project(name: string, parts: Partial<ResolvedProject> = {}): ResolvedProject {
  return {
    name, root: `/repo/projects/${name}`, databases: {}, auth: { mode: 'issuers', issuers: [] }, permissions: {}, secrets: {}, targets: [],
    limits: { bodyBytes: 1_000_000, jsonDepth: 32, timeout: 30_000, concurrency: 1000, callDepth: 16 },
    ...parts,
  }
}

export function pg(url: Setting): PostgresEntry {
  return { driver: 'pg', url, pool: { max: 10, queue: 100 }, statementTimeout: 10_000, rls: false, prepare: true }
}

export function libsql(url: Setting, authToken?: Setting): LibsqlEntry {
  return { driver: 'libsql', url, ...(authToken === undefined ? {} : { authToken }), pool: { max: 10, queue: 100 }, statementTimeout: 10_000 }
}

/** A folder with files in it that is removed after the test. */
export async function folder(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-secrets-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

export function resolver(context: Partial<SecretContext>, providers: readonly SecretProvider[] = []): SecretResolver {
  const guarded = providers.map((provider) => guardedProvider(provider))
  return createSecretResolver({
    provider: (scheme) => guarded.find((provider) => provider.scheme === scheme),
    schemes: providers.map(({ scheme }) => scheme),
    context: {
      root: '/nowhere', environment: 'test', env: {}, signal: new AbortController().signal, interactive: false, progress() {}, warn() {}, ...context,
    },
  })
}
