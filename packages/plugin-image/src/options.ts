import { secret, type MaybeSecret, type TargetFlag } from '@santokit/core'
import * as z from 'zod/mini'
import { isTag, parseReference } from './registry/reference.ts'

/** What a person writes under `targets.image`. */
export interface ImageOptions {
  /** Where images go: `ghcr.io/acme/shop`. A tag is not part of it. */
  readonly repository: string
  /**
   * The tag of a release, which never moves. `{revision}` stands for the commit (`1a2b3c4d5e6f`, or `dirty` for a working tree
   * that differs from it), `{content}` for the image's content, `{project}` and `{bundle}` for what they say.
   *
   * Without `{content}` the same tag may come up for two images, and the second one is refused (STK4103).
   * @default 'sha-{revision}-{content}', or 'sha-{content}' outside of git
   */
  readonly tag?: string
  /**
   * The tag that says what is live, and moves. `{environment}` and `{project}` are filled in.
   * @default '{environment}'
   */
  readonly live?: string
  /**
   * What the image runs on. The project's layer is the same for all.
   * @default ['linux/amd64', 'linux/arm64']
   */
  readonly platforms?: readonly Platform[]
  /**
   * The image below: a reference, which `santokit.lock` pins by digest; one with a digest of its own; or `oci:DIR`, a
   * layout on disk. It must hold Node.
   * @default 'gcr.io/distroless/nodejs24-debian13:nonroot'
   */
  readonly base?: string
  /**
   * The base's Node.
   * @default what the base starts, if that is Node; else `node`
   */
  readonly node?: string
  /** Added to the image's own labels, and winning over them. */
  readonly labels?: { readonly [name: string]: string }
  /** Added to the annotations of manifests and index, and winning over them. */
  readonly annotations?: { readonly [name: string]: string }
  /** Where the source is, for `org.opencontainers.image.source`: `https://github.com/acme/shop`. */
  readonly source?: string
  /**
   * Where the Bridge listens inside.
   * @default 3000
   */
  readonly port?: number
  /**
   * Who it runs as, by number.
   * @default the base's user, if it is one by number and not root; else '65532:65532'
   */
  readonly user?: string
  /** What the process is told to stop with. @default 'SIGTERM' */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT'
  /** More environment variables. Values are seen by everybody who can pull the image: no secrets. */
  readonly env?: { readonly [name: string]: string }
  /**
   * Whether SQLite files can be opened: adds the native library (4 MB compressed, for each platform). Remote libSQL
   * databases need none.
   * @default true if a database's `url` is written as `file:…` in the config; a `url` that is a secret is taken for a remote one
   */
  readonly sqlite?: boolean
  /** Who pushes. @default secret('REGISTRY_USERNAME', { optional: true }), else what `docker login` or `podman login` left */
  readonly username?: MaybeSecret
  /** Their password or token. @default secret('REGISTRY_PASSWORD', { optional: true }), else what `docker login` or `podman login` left */
  readonly password?: MaybeSecret
  /** Speaks plain HTTP to a registry other than this computer's. Credentials then go over the network as they are. */
  readonly insecure?: boolean
  /** Documents that are stored beside the image as referrers. @default { sbom: true, provenance: true } */
  readonly attach?: {
    /** What the image is made of, as CycloneDX. */
    readonly sbom?: boolean
    /** Where it comes from, as an in-toto statement. */
    readonly provenance?: boolean
  }
  /**
   * Waits at most this long, once the image is live, until `/health` at the project's `baseUrl` answers with its digest:
   * `'2m'`. For deployments that follow the tag by themselves. @default it is not waited for
   */
  readonly waitForHealth?: string | number
  /** Signs what is released: with the identity of a CI job (needs the package `sigstore`), or with a private key in PEM. */
  readonly sign?: 'keyless' | { readonly key: MaybeSecret }
}

/** What images are made for. */
export type Platform = 'linux/amd64' | 'linux/arm64'

/** The base that is taken unless another is named: Node and what it needs, no shell, not root. */
export const DEFAULT_BASE = 'gcr.io/distroless/nodejs24-debian13:nonroot'

/** {@link ImageOptions}, checked, with defaults. */
export type ImageSettings = z.output<typeof imageOptions>

const name = z.string().check(z.minLength(1))
const maybeSecret = z.union([name, z.strictObject({ secret: name, optional: z.optional(z.boolean()) })])
/** Milliseconds, or a number with its unit. */
const duration = z.pipe(
  z.union([z.int().check(z.positive()), z.string().check(z.regex(/^\d{1,6}(ms|s|m)$/, 'must be a duration such as 90s or 2m'))]),
  z.transform((value) => (typeof value === 'number' ? value : Number.parseInt(value, 10) * (value.endsWith('ms') ? 1 : value.endsWith('s') ? 1000 : 60_000))),
)
const texts = z.record(name, z.string())

type Refuse = (message: string, fix: string) => void

/** Text that `look` may refuse, in words that go on from its path. */
const text = (look: (given: string, refuse: Refuse) => void) => z.string().check((ctx) => {
  look(ctx.value, (message, fix) => ctx.issues.push({ code: 'custom', message, params: { phrase: true, fix }, input: ctx.value }))
})

const reference = text((given, refuse) => {
  try {
    const { tag, digest } = parseReference(given)
    if (tag !== undefined || digest !== undefined) refuse('has a tag or digest', 'Leave it out: `tag` and `live` say which tags there are.')
  } catch (error) {
    refuse('is not a repository', (error as { details?: { fix?: string } }).details?.fix ?? 'Write registry/name, such as ghcr.io/acme/shop.')
  }
})

const base = text((given, refuse) => {
  if (given.startsWith('oci:') && given.length > 'oci:'.length) return
  try {
    parseReference(given)
  } catch (error) {
    refuse('is not an image reference', (error as { details?: { fix?: string } }).details?.fix ?? 'Write registry/name:tag, or oci:DIR.')
  }
})

/** A tag with `{…}` for what is filled in. */
const template = (...names: readonly string[]) => text((given, refuse) => {
  const unknown = [...given.matchAll(/\{(.*?)\}/g)].find(([, placeholder = '']) => !names.includes(placeholder))
  if (unknown !== undefined) refuse(`holds ${unknown[0]}, which stands for nothing`, `There is ${names.map((each) => `{${each}}`).join(', ')}.`)
  else if (!isTag(given.replaceAll(/\{.*?\}/g, 'x'))) refuse('is not a tag', 'Letters, digits, `_`, `.` and `-`.')
})

const DEFAULT_PLATFORMS: readonly Platform[] = ['linux/amd64', 'linux/arm64']

/** Reads {@link ImageOptions}. zod/mini, because the config of every command is read with it. */
export const imageOptions = z.strictObject({
  repository: reference,
  tag: z.optional(template('revision', 'content', 'project', 'bundle')),
  live: z._default(template('environment', 'project'), '{environment}'),
  platforms: z.pipe(
    z._default(z.array(z.enum(['linux/amd64', 'linux/arm64'])).check(z.minLength(1)), [...DEFAULT_PLATFORMS]),
    z.transform((platforms): readonly Platform[] => [...new Set(platforms)].sort()),
  ),
  base: z._default(base, DEFAULT_BASE),
  node: z.optional(name),
  labels: z._default(texts, {}),
  annotations: z._default(texts, {}),
  source: z.optional(name),
  port: z._default(z.int().check(z.minimum(1), z.maximum(65_535)), 3000),
  user: z.optional(z.string().check(z.regex(/^\d+(:\d+)?$/, 'must be a number, or two: 65532:65532'))),
  stopSignal: z._default(z.enum(['SIGTERM', 'SIGINT']), 'SIGTERM'),
  env: z._default(z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and "_"')), z.string()), {}),
  sqlite: z.optional(z.boolean()),
  username: z._default(maybeSecret, secret('REGISTRY_USERNAME', { optional: true })),
  password: z._default(maybeSecret, secret('REGISTRY_PASSWORD', { optional: true })),
  insecure: z._default(z.boolean(), false),
  attach: z._default(z.strictObject({ sbom: z._default(z.boolean(), true), provenance: z._default(z.boolean(), true) }), { sbom: true, provenance: true }),
  waitForHealth: z.optional(duration),
  sign: z.optional(z.union([z.literal('keyless'), z.strictObject({ key: maybeSecret })])),
})

/** What the command line may say. */
export const IMAGE_FLAGS = {
  'tag': { type: 'string', value: '[NAME:]TAG', summary: 'The tag of the release, in place of `tag` in the config' },
  'output': { type: 'string', value: 'WHERE', summary: 'Write the image and push nothing: oci:DIR, docker-archive:FILE, or docker for the local engine' },
  'update-base': { type: 'boolean', summary: 'Look up the base again and pin it in santokit.lock' },
  'offline': { type: 'boolean', summary: 'Take the base from the cache, and ask no registry for it' },
} as const satisfies { readonly [name: string]: TargetFlag }
