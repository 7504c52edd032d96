import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { startServer, type Reply, type Request, type RunningServer } from './server.ts'

export interface S3Server extends RunningServer {
  /** By `bucket/key`. */
  readonly objects: Map<string, StoredObject>
}

interface StoredObject {
  readonly bytes: Buffer
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
}

export interface S3Options {
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly sessionToken?: string
}

/**
 * A stand-in for S3, strict and with a memory: it verifies signatures (Signature Version 4) and payload hashes, honours
 * `If-Match` and `If-None-Match` on PUT, and answers 400 to whatever it does not know.
 */
export async function startS3(options: S3Options): Promise<S3Server> {
  const objects = new Map<string, StoredObject>()
  const server = await startServer((request) => {
    const refusal = checkSignature(request, options)
    if (refusal !== undefined) return refusal
    const [, bucket = '', key = ''] = /^\/([^/]+)\/(.+)$/.exec(decodeURIComponent(request.url.pathname)) ?? []
    if (bucket !== options.bucket) return xmlError(404, 'NoSuchBucket')
    if (request.url.search !== '' || key === '') return xmlError(400, 'InvalidRequest')
    return answer(request, `${bucket}/${key}`, objects)
  })
  return { ...server, objects }
}

function answer(request: Request, key: string, objects: Map<string, StoredObject>): Reply {
  const found = objects.get(key)
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (found === undefined) return xmlError(404, 'NoSuchKey')
      return { status: 200, headers: { etag: found.etag, ...found.headers, 'content-length': String(found.bytes.length) }, body: found.bytes }
    case 'PUT': {
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers
      if (ifNoneMatch !== undefined && ifNoneMatch !== '*') return xmlError(501, 'NotImplemented')
      if (ifNoneMatch === '*' && found !== undefined) return xmlError(412, 'PreconditionFailed')
      if (ifMatch !== undefined && found === undefined) return xmlError(404, 'NoSuchKey')
      if (ifMatch !== undefined && ifMatch !== found?.etag) return xmlError(412, 'PreconditionFailed')
      const kept = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-') || name === 'content-type' || name === 'cache-control')
      const etag = `"${createHash('md5').update(request.body).digest('hex')}"`
      objects.set(key, { bytes: request.body, etag, headers: Object.fromEntries(kept) })
      return { status: 200, headers: { etag } }
    }
    default: return xmlError(400, 'MethodNotAllowed')
  }
}

/** "Create a signed AWS API request", AWS General Reference. */
function checkSignature(request: Request, options: S3Options): Reply | undefined {
  const { authorization = '' } = request.headers
  const [, keyId, date = '', region = '', signedHeaders = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(authorization) ?? []
  if (keyId === undefined) return xmlError(403, 'AccessDenied')
  if (keyId !== options.accessKeyId) return xmlError(403, 'InvalidAccessKeyId')
  if (region !== options.region) return { ...xmlError(400, 'AuthorizationHeaderMalformed'), headers: { 'x-amz-bucket-region': options.region } }
  if (request.headers['x-amz-security-token'] !== options.sessionToken) return xmlError(403, 'InvalidToken')
  const names = signedHeaders.split(';')
  // Whatever could change what a request does has to be signed.
  const meaningful = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-') || name.startsWith('if-'))
  if (meaningful.some((name) => !names.includes(name))) return xmlError(403, 'AccessDenied')
  const payload = createHash('sha256').update(request.body).digest('hex')
  if (request.headers['x-amz-content-sha256'] !== payload) return xmlError(400, 'XAmzContentSHA256Mismatch')
  const canonical = [
    request.method,
    request.url.pathname.split('/').map((part) => encodeURIComponent(decodeURIComponent(part))).join('/'),
    '',
    ...names.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    signedHeaders,
    payload,
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], `${date}/${region}/s3/aws4_request`, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const key = [date, region, 's3', 'aws4_request'].reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${options.secretAccessKey}`)
  return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex')) ? undefined : xmlError(403, 'SignatureDoesNotMatch', toSign)
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function xmlError(status: number, code: string, detail = ''): Reply {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>It is refused.</Message><StringToSign>${detail}</StringToSign></Error>`,
  }
}
