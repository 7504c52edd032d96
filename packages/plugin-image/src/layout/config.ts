import type { BaseImage } from '../base/base.ts'
import { sorted, type Document } from '../oci/content.ts'
import type { ImageSettings } from '../options.ts'
import { BRIDGE_ENTRY } from '../runtime/files.ts'
import type { Layer } from './layer.ts'

/** Who an image runs as where its base does not say: the number of distroless' `nonroot`. */
const NOBODY = '65532:65532'

/** What of the options ends up in an image's config. */
export type ConfigSettings = Pick<ImageSettings, 'node' | 'user' | 'port' | 'stopSignal' | 'env'>

/** An image's config for one platform; OCI image specification, "Image Configuration". */
export function imageConfig(
  base: BaseImage, layers: readonly Layer[], settings: ConfigSettings, stamp: { readonly created: string; readonly tag: string; readonly labels: { readonly [name: string]: string } },
): Document {
  const [os, architecture] = base.platform.split('/')
  const { created } = stamp
  return {
    created,
    architecture,
    ...(base.variant === undefined ? {} : { variant: base.variant }),
    os,
    config: {
      User: settings.user ?? userOf(base),
      ExposedPorts: { [`${settings.port}/tcp`]: {} },
      Env: environment(base, { NODE_ENV: 'production', ...settings.env, PORT: String(settings.port), MANIFEST_PATH: '/app/manifest.json', IMAGE_TAG: stamp.tag }),
      Entrypoint: [settings.node ?? nodeOf(base), BRIDGE_ENTRY],
      WorkingDir: '/app',
      Labels: sorted(stamp.labels),
      StopSignal: settings.stopSignal,
    },
    rootfs: { type: 'layers', diff_ids: [...base.config.diffIds, ...layers.map(({ diffId }) => diffId)] },
    history: [...base.config.history, ...layers.map(({ comment }) => ({ created, created_by: 'santokit', comment }))],
  }
}

/** The base's own user, if it is a number other than root's: platforms that insist on "not root" can tell only by numbers. */
function userOf({ config: { user } }: BaseImage): string {
  return /^[1-9]\d*(:\d+)?$/.test(user) ? user : NOBODY
}

/** What the base starts, if that is Node; else the `node` on its PATH. */
function nodeOf({ config: { command } }: BaseImage): string {
  const [program = ''] = command
  return /(^|\/)node$/.test(program) ? program : 'node'
}

/** The base's variables in their order, then ours by name; ours win. */
function environment({ config: { env } }: BaseImage, ours: { readonly [name: string]: string }): readonly string[] {
  const kept = env.filter((entry) => !Object.hasOwn(ours, entry.split('=')[0] ?? ''))
  return [...kept, ...Object.entries(sorted(ours)).map(([name, value]) => `${name}=${value}`)]
}
