import { StkError, type MaybeSecret, type SecretValue, type TargetContext } from '@santokit/core'
import type { Destination } from '../options.ts'
import { scopeOf } from '../release/layout.ts'
import type { ReleaseStore } from './store.ts'

/** Opens the place where a target's releases are kept. Only the client that is needed is loaded. */
export async function openStore(ctx: TargetContext<Destination>): Promise<ReleaseStore> {
  const { options: destination, signal } = ctx
  const scope = scopeOf(ctx)
  signal.throwIfAborted()
  switch (destination.kind) {
    case 'file': {
      const [{ folderObjects, folderOf }, { objectReleases }] = await Promise.all([import('./file.ts'), import('./objects.ts')])
      return objectReleases(folderObjects(folderOf(destination, ctx.root), signal), scope)
    }
    case 's3': {
      const [{ bucketObjects }, { objectReleases }] = await Promise.all([import('./s3.ts'), import('./objects.ts')])
      const credentials = {
        accessKeyId: await required(ctx, destination.accessKeyId, 'accessKeyId'),
        secretAccessKey: await required(ctx, destination.secretAccessKey, 'secretAccessKey'),
        sessionToken: destination.sessionToken === undefined ? undefined : await ctx.credential(destination.sessionToken),
      }
      return objectReleases(bucketObjects(destination, credentials, signal), scope)
    }
    case 'github': {
      const [{ connectGitHub }, { gitHubReleases }] = await Promise.all([import('./github/api.ts'), import('./github/store.ts')])
      const token = await required(ctx, destination.token, 'token')
      return gitHubReleases(connectGitHub(destination, token, signal), destination, scope)
    }
  }
}

/** A credential that its place cannot do without, even if the config calls it optional. */
async function required(ctx: TargetContext<Destination>, value: MaybeSecret, option: string): Promise<SecretValue> {
  const found = await ctx.credential(value)
  if (found !== undefined) return found
  throw new StkError('STK4002', {
    why: `Releasing there needs \`${option}\`, and it is not set.`,
    fix: `Set the secret that \`${option}\` names.`,
  })
}
