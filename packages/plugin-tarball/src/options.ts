import { secret, type MaybeSecret } from '@santokit/core'
import { z } from 'zod'

/** What a person writes under `targets.tarball`. */
export interface TarballOptions {
  /**
   * Where releases are kept:
   *
   * - a folder: `file:./releases`, from the repository root
   * - a bucket: `s3://bucket/prefix`
   * - the releases of a repository: `github:owner/repo`
   */
  readonly to: `file:${string}` | `s3://${string}` | `github:${string}`
  /** For `s3:` the server, such as `https://<account>.r2.cloudflarestorage.com`. Left out: Amazon S3. */
  readonly endpoint?: string
  /**
   * For `s3:` the bucket's region. Amazon S3 needs it.
   * @default 'auto' with an `endpoint`
   */
  readonly region?: string
  /** For `s3:`. @default secret('AWS_ACCESS_KEY_ID') */
  readonly accessKeyId?: MaybeSecret
  /** For `s3:`. @default secret('AWS_SECRET_ACCESS_KEY') */
  readonly secretAccessKey?: MaybeSecret
  /** For `s3:` with temporary keys. @default secret('AWS_SESSION_TOKEN', { optional: true }), unless `accessKeyId` is given */
  readonly sessionToken?: MaybeSecret
  /** For `github:`; needs `contents: write`. @default secret('GITHUB_TOKEN') */
  readonly token?: MaybeSecret
  /**
   * For `github:` on GitHub Enterprise: `https://github.example.com/api/v3`.
   * @default 'https://api.github.com'
   */
  readonly apiUrl?: string
}

/** Where releases are kept, read from {@link TarballOptions}. */
export type Destination = FolderDestination | S3Destination | GitHubDestination

export interface FolderDestination {
  readonly kind: 'file'
  /** From the repository root unless absolute; or a `file://` URL. */
  readonly path: string
}

export interface S3Destination {
  readonly kind: 's3'
  readonly bucket: string
  /** Without a slash at either end; may be empty. */
  readonly prefix: string
  /** Without a slash at its end. `undefined` for Amazon S3. */
  readonly endpoint: string | undefined
  readonly region: string
  readonly accessKeyId: MaybeSecret
  readonly secretAccessKey: MaybeSecret
  readonly sessionToken: MaybeSecret | undefined
}

export interface GitHubDestination {
  readonly kind: 'github'
  readonly owner: string
  readonly repo: string
  readonly token: MaybeSecret
  /** Without a slash at its end. */
  readonly apiUrl: string
}

const maybeSecret = z.union([
  z.string().min(1),
  z.strictObject({ secret: z.string().min(1), optional: z.boolean().optional() }),
])

const written = z.strictObject({
  to: z.string(),
  endpoint: z.string().optional(),
  region: z.string().min(1).optional(),
  accessKeyId: maybeSecret.optional(),
  secretAccessKey: maybeSecret.optional(),
  sessionToken: maybeSecret.optional(),
  token: maybeSecret.optional(),
  apiUrl: z.string().optional(),
})

type Written = z.output<typeof written>
type Refuse = (key: keyof Written, problem: string, fix: string) => void

/** Which scheme each option belongs to. `to` belongs to all. */
const BELONGS_TO: Readonly<Record<Exclude<keyof Written, 'to'>, 's3' | 'github'>> = {
  endpoint: 's3', region: 's3', accessKeyId: 's3', secretAccessKey: 's3', sessionToken: 's3', token: 'github', apiUrl: 'github',
}

const FORMS = "Write to: 'file:./releases', 's3://bucket/prefix' or 'github:owner/repo'."

/** Reads {@link TarballOptions}. An option of another destination is refused, since it would have no effect. */
export const tarballOptions: z.ZodType<Destination> = written.transform((options, ctx): Destination => {
  const refuse: Refuse = (key, problem, fix) => {
    ctx.addIssue({ code: 'custom', path: [key], message: problem, params: { phrase: true, fix }, input: options[key] })
  }
  const scheme = /^([a-z0-9+.-]+):/i.exec(options.to)?.[1]
  if (scheme !== 'file' && scheme !== 's3' && scheme !== 'github') {
    refuse('to', scheme === undefined ? 'names no kind of place' : `begins with "${scheme}:", which is not a place for releases`, FORMS)
    return z.NEVER
  }
  for (const [key, owner] of Object.entries(BELONGS_TO) as readonly (readonly [keyof typeof BELONGS_TO, 's3' | 'github'])[]) {
    if (options[key] === undefined || owner === scheme) continue
    refuse(key, `is for ${owner}: destinations, and \`to\` begins with "${scheme}:"`, 'Take it away.')
  }
  return READERS[scheme](options, refuse)
})

const READERS = { file: readFolder, s3: readS3, github: readGitHub }

function readFolder({ to }: Written, refuse: Refuse): Destination {
  const rest = to.slice('file:'.length)
  const isUrl = rest.startsWith('//')
  if (rest === '') refuse('to', 'names no folder', "Write to: 'file:./releases'.")
  else if (isUrl && !rest.startsWith('///')) {
    refuse('to', 'names another computer: two slashes are followed by its name', "Write to: 'file:./releases', or 'file:///absolute/path'.")
  }
  return { kind: 'file', path: isUrl ? to : rest }
}

function readS3(options: Written, refuse: Refuse): Destination {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([a-zA-Z0-9][a-zA-Z0-9._-]+[a-zA-Z0-9])(?:\/(.*))?$/.exec(options.to) ?? []
  const trimmed = prefix.replace(/^\/+|\/+$/g, '')
  if (bucket === '') refuse('to', 'names no bucket', "Write to: 's3://bucket/prefix'.")
  // Plain characters only: they need no encoding, so no server can disagree about it when it checks a signature.
  else if (trimmed !== '' && !trimmed.split('/').every((part) => /^(?!\.{1,2}$)[\w.-]+$/.test(part))) {
    refuse('to', 'has a prefix with other characters than letters, digits, ".", "_", "-" and "/"', "Write to: 's3://bucket/prefix'.")
  }
  if (options.endpoint === undefined && options.region === undefined) {
    refuse(
      'region', 'is missing: without an `endpoint` the bucket is at Amazon S3, which needs its region',
      "Add region: 'eu-central-1', or the endpoint of another provider.",
    )
  }
  if (options.endpoint !== undefined) checkOrigin('endpoint', options.endpoint, refuse)
  return {
    kind: 's3',
    bucket,
    prefix: trimmed,
    endpoint: options.endpoint?.replace(/\/+$/, ''),
    region: options.region ?? 'auto',
    accessKeyId: options.accessKeyId ?? secret('AWS_ACCESS_KEY_ID'),
    secretAccessKey: options.secretAccessKey ?? secret('AWS_SECRET_ACCESS_KEY'),
    // A session token in the environment belongs to the keys in the environment, not to keys that are given here.
    sessionToken: options.sessionToken ?? (options.accessKeyId === undefined ? secret('AWS_SESSION_TOKEN', { optional: true }) : undefined),
  }
}

function readGitHub(options: Written, refuse: Refuse): Destination {
  const [, owner = '', repo = ''] = /^github:([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)\/([\w.-]+)$/.exec(options.to) ?? []
  if (owner === '' || repo === '.' || repo === '..') refuse('to', 'names no repository', "Write to: 'github:owner/repo'.")
  if (options.apiUrl !== undefined) checkOrigin('apiUrl', options.apiUrl, refuse)
  return {
    kind: 'github', owner, repo,
    token: options.token ?? secret('GITHUB_TOKEN'),
    apiUrl: (options.apiUrl ?? 'https://api.github.com').replace(/\/+$/, ''),
  }
}

/** Credentials are sent there, so it must be https; plain http is for this computer only. */
function checkOrigin(key: 'endpoint' | 'apiUrl', text: string, refuse: Refuse): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    refuse(key, 'is not an address', `Write ${key}: 'https://…'.`)
  } else if (!isSafeOrigin(url)) {
    refuse(key, 'is not https, and credentials would be sent there', `Write ${key}: 'https://…'.`)
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    refuse(key, 'holds more than an address', `Write ${key}: 'https://host', and give credentials as options of their own.`)
  }
}

/** https, or http on this computer. */
export function isSafeOrigin(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** A name or address of this computer, as `URL.hostname` writes it. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
