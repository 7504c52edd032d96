import { StkError, type SecretValue } from '@santokit/core'
import { AwsClient } from 'aws4fetch'
import type { S3Destination } from '../options.ts'
import { digestOf } from '../release/digest.ts'
import { hexOf } from '../release/layout.ts'
import { exchange, type Answer } from './http.ts'
import type { Objects } from './objects.ts'

export interface S3Credentials {
  readonly accessKeyId: SecretValue
  readonly secretAccessKey: SecretValue
  readonly sessionToken: SecretValue | undefined
}

/** Marks a stored file with the hash that was sent, because an ETag is a hash of no particular kind. */
const MARK = 'x-amz-meta-sha256'

/**
 * Objects in a bucket of Amazon S3 or of any server that speaks its protocol. The pointer is changed with `If-Match`
 * and `If-None-Match`: "How to prevent object overwrites with conditional writes", Amazon S3 User Guide.
 */
export function bucketObjects(destination: S3Destination, credentials: S3Credentials, signal: AbortSignal): Objects {
  const { bucket, prefix, region } = destination
  const base = baseUrl(destination)
  const place = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  const pathOf = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`)
  const client = new AwsClient({
    accessKeyId: credentials.accessKeyId.reveal(),
    secretAccessKey: credentials.secretAccessKey.reveal(),
    ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken.reveal() }),
    region, service: 's3', retries: 0,
  })

  const ask = async (
    method: 'GET' | 'HEAD' | 'PUT', key: string, headers: Record<string, string> = {}, body?: Uint8Array, expected = body?.length ?? 0,
  ): Promise<Answer> => {
    signal.throwIfAborted()
    const url = `${base}/${pathOf(key)}`
    const hashed = { ...headers, 'x-amz-content-sha256': hexOf(digestOf(body ?? '')) }
    const answer = await exchange({
      // Signed for each attempt: a signature holds for a quarter of an hour.
      send: async (limit) => fetch(await client.sign(url, {
        method, headers: hashed, redirect: 'manual', signal: limit, ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      })),
      signal,
      place,
      bytes: expected,
      // Two conditional writes at once: one of them is asked to come again.
      isPassing: ({ status }) => status === 409,
    })
    return checked(answer, destination, place)
  }

  const put = async (key: string, bytes: Uint8Array, headers: Record<string, string>): Promise<boolean> => {
    const answer = await ask('PUT', key, headers, bytes)
    // 404: what `if-match` should match is gone.
    if (answer.status === 412 || (answer.status === 404 && headers['if-match'] !== undefined)) return false
    if (answer.status !== 200) throw unexpected(place, answer)
    return true
  }

  return {
    place,
    address: (key) => ({
      BUNDLE_URL: `s3://${bucket}/${pathOf(key)}`,
      AWS_REGION: region,
      ...(destination.endpoint === undefined ? {} : { S3_ENDPOINT: destination.endpoint }),
    }),
    async read(key, bytes) {
      const answer = await ask('GET', key, {}, undefined, bytes)
      if (answer.status === 404) return undefined
      const version = answer.headers.get('etag')
      if (answer.status !== 200 || version === null) throw unexpected(place, answer)
      return { bytes: answer.bytes, version }
    },
    async holds(key, file) {
      const answer = await ask('HEAD', key)
      if (answer.status === 404) return false
      if (answer.status !== 200) throw unexpected(place, answer)
      return Number(answer.headers.get('content-length')) === file.bytes && answer.headers.get(MARK) === hexOf(file.digest)
    },
    async write(key, file) {
      await put(key, file.bytes, { 'content-type': contentType(key), [MARK]: hexOf(file.digest) })
    },
    create: (key, bytes) => put(key, bytes, { 'content-type': 'application/json', 'if-none-match': '*' }),
    swap: (key, bytes, version) => put(key, bytes, {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      ...(version === '' ? { 'if-none-match': '*' } : { 'if-match': version }),
    }),
  }
}

/** By path at an endpoint, which seldom has a name for each bucket; by name at Amazon, unless a dot would break TLS. */
function baseUrl({ endpoint, bucket, region }: S3Destination): string {
  if (endpoint !== undefined) return `${endpoint}/${bucket}`
  return bucket.includes('.') ? `https://s3.${region}.amazonaws.com/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`
}

function contentType(key: string): string {
  return key.endsWith('.json') ? 'application/json' : 'application/gzip'
}

/** Refuses what no caller can make use of. */
function checked(answer: Answer, destination: S3Destination, place: string): Answer {
  const { status } = answer
  const code = errorCode(answer)
  if (status === 401 || status === 403) {
    throw new StkError('STK4002', {
      why: `${place} refuses the credentials (${code ?? `HTTP ${status}`}).`,
      fix: [
        'Check the access key, and that it may s3:GetObject and s3:PutObject below the prefix.',
        'It needs s3:ListBucket, too: without it S3 answers 403 for what is not there.',
      ],
    })
  }
  if (code === 'NoSuchBucket') {
    throw new StkError('STK4001', { why: `There is no bucket "${destination.bucket}".`, fix: 'Create it, or change `to`.' })
  }
  const elsewhere = answer.headers.get('x-amz-bucket-region')
  if (elsewhere !== null && elsewhere !== destination.region && (status === 301 || status === 307 || status === 400)) {
    throw new StkError('STK4001', {
      why: `The bucket "${destination.bucket}" is not in region "${destination.region}".`,
      fix: `Set region: '${elsewhere.replace(/[^a-z0-9-]/g, '')}'.`,
    })
  }
  if (status === 501) {
    throw new StkError('STK4007', {
      why: `${place} does not support conditional writes, so two releases at once could not be kept apart.`,
      fix: 'Use a server that supports If-Match and If-None-Match on PUT: Amazon S3, Cloudflare R2, MinIO, …',
    })
  }
  return answer
}

function unexpected(place: string, answer: Answer): StkError {
  return new StkError('STK4008', {
    why: `${place} answered HTTP ${answer.status}${errorCode(answer) === undefined ? '' : ` (${errorCode(answer)})`}.`,
    fix: 'Check `to` and `endpoint`: this is not what an S3 server answers here.',
  })
}

/** Only the code: the rest of the answer repeats parts of the signed request. */
function errorCode({ status, bytes }: Answer): string | undefined {
  return status < 300 ? undefined : /<Code>([A-Za-z0-9.]{1,60})<\/Code>/.exec(new TextDecoder().decode(bytes.subarray(0, 4096)))?.[1]
}
