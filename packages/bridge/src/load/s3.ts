import { BootError } from '../boot-error.ts'
import { type Environment, readSetting } from '../settings/index.ts'
import { download } from './download.ts'

/**
 * Fetches `s3://bucket/key` from S3 or any endpoint that speaks its protocol.
 *
 * Addressed by path under `S3_ENDPOINT`, because a self-hosted endpoint seldom has a DNS name per bucket.
 */
export async function downloadFromS3(url: URL, env: Environment, maxBytes: number): Promise<Uint8Array> {
  const { AwsClient } = await import('aws4fetch')
  const region = readSetting(env, 'AWS_REGION') ?? 'us-east-1'
  const endpoint = readSetting(env, 'S3_ENDPOINT') ?? `https://s3.${region}.amazonaws.com`
  const sessionToken = readSetting(env, 'AWS_SESSION_TOKEN')
  const client = new AwsClient({
    accessKeyId: required(env, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: required(env, 'AWS_SECRET_ACCESS_KEY'),
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region, service: 's3', retries: 0,
  })
  return download(new URL(`${endpoint.replace(/\/$/, '')}/${url.host}${url.pathname}`), {
    maxBytes, sameHost: true,
    send: async (target, signal) => {
      const request = await client.sign(target.href, { redirect: 'manual', signal })
      return fetch(request)
    },
  })
}

function required(env: Environment, name: string): string {
  const value = readSetting(env, name)
  if (value !== undefined) return value
  throw new BootError('bad_setting', `BUNDLE_URL is an s3 address, but ${name} is not set.`, `Set ${name} or ${name}_FILE.`)
}
