import { StkError } from '@santokit/core'
import type { Blob, Descriptor } from '../oci/types.ts'
import { hasBlob } from './blobs.ts'
import { resolveAddress } from './connection/addresses.ts'
import { isPassing, NoAnswer, pause, type Answer } from './connection/exchange.ts'
import { isDigest } from './reference.ts'
import { errorCodes, refusal, statusOf } from './refusal.ts'
import { pathOf, placeOf, scopeOf, type Repository } from './repository.ts'

/** An upload that a registry has begun. */
export interface Session {
  /** Where it goes on. It changes with every answer, and its query must survive. */
  readonly location: URL
  /** Bytes that a chunk must have, but the last. */
  readonly leastChunk: number
}

/** Bytes of a chunk: above Amazon ECR's least (5 MiB), and what a proxy lets through that refuses the whole. */
const CHUNK = 8 * 1_048_576
/** Larger contents wait for one of few lanes; smaller ones are sent as they come. */
const LARGE = 1_048_576
const OCTETS = { 'content-type': 'application/octet-stream' }

/**
 * Begins an upload.
 *
 * @param from a repository of the same registry that has the blob: then it may be mounted and nothing is sent.
 * @returns `mounted` if it is there now. A mount that is refused for whatever reason becomes an upload.
 */
export async function beginUpload(repository: Repository, { digest }: Descriptor, from?: string): Promise<Session | 'mounted'> {
  const to = pathOf(repository, 'blobs/uploads/')
  if (from !== undefined && from !== repository.name) {
    const mount = `?${new URLSearchParams({ mount: digest, from }).toString()}`
    // The other repository may not be ours to read: 401, 403, 404, or no token at all.
    const answer = await post(repository, `${to}${mount}`, [scopeOf(repository), `repository:${from}:pull`]).catch(passOverDenied)
    if (answer?.status === 201 && isSame(answer, digest)) return 'mounted'
    if (answer?.status === 202) return sessionOf(answer, repository)
  }
  const answer = await post(repository, to, [scopeOf(repository)])
  // A registry that finds the blob by itself may say so here.
  if (answer.status === 202) return sessionOf(answer, repository)
  throw refusal(answer, repository, 'a layer')
}

function post(repository: Repository, to: string, scopes: readonly string[]): Promise<Answer> {
  return repository.connection.ask({ method: 'POST', to, headers: { 'content-length': '0' }, scopes })
}

function passOverDenied(error: unknown): undefined {
  if (error instanceof StkError && ['STK4101', 'STK4102'].includes(error.code)) return undefined
  throw error
}

/** A mount answers with the digest of what it mounted, where it says anything. */
function isSame({ headers }: Answer, digest: string): boolean {
  const said = headers.get('docker-content-digest')
  return said === null || !isDigest(said) || said === digest
}

function sessionOf(answer: Answer, repository: Repository): Session {
  const location = locationOf(answer)
  if (location === undefined) {
    throw new StkError('STK4008', { why: `${placeOf(repository)} began an upload without saying where it goes on.`, fix: 'Check that it is a registry of images.' })
  }
  const least = Number(answer.headers.get('oci-chunk-min-length') ?? 0)
  return { location, leastChunk: Number.isSafeInteger(least) && least > 0 ? least : 0 }
}

function locationOf({ headers, url }: Answer): URL | undefined {
  const location = headers.get('location')
  return location === null ? undefined : resolveAddress(location, url)
}

/**
 * Sends a blob: in one PUT, and where the registry does not take that, in chunks. An upload that broke goes on from
 * what the registry has of it.
 *
 * @returns bytes of content that were sent, counting those that were sent again.
 * @throws StkError STK4105 if the registry refuses it. STK4104 if it takes other bytes than these.
 */
export async function sendBlob(repository: Repository, blob: Blob, session: Session): Promise<number> {
  const { descriptor } = blob
  const lane = descriptor.size > LARGE ? repository.connection.uploads : direct
  return lane(async () => new Upload(repository, descriptor, await blob.open()).run(session))
}

function direct<Result>(task: () => Promise<Result>): Promise<Result> {
  return task()
}

/** Codes with which a registry says that it got other bytes than the digest names. */
const MISMATCH: ReadonlySet<string> = new Set(['DIGEST_INVALID', 'SIZE_INVALID'])

/** One blob on its way: what has been sent, and where the registry is. */
class Upload {
  private sent = 0
  private attempts = 0
  private readonly repository: Repository
  private readonly descriptor: Descriptor
  private readonly bytes: Uint8Array

  constructor(repository: Repository, descriptor: Descriptor, bytes: Uint8Array) {
    if (bytes.length !== descriptor.size) throw new RangeError(`${descriptor.digest} should have ${descriptor.size} bytes and has ${bytes.length}.`)
    this.repository = repository
    this.descriptor = descriptor
    this.bytes = bytes
  }

  async run(first: Session): Promise<number> {
    let session = first
    for (let forgotten = 0; ;) {
      const answer = await this.attempt(() => this.close(session.location, this.bytes))
      if (answer !== undefined && isClosed(answer)) return this.sent
      if (answer !== undefined && !isPassing(answer)) {
        if (answer.status === 403) throw refusal(answer, this.repository, 'a layer')
        const again = await beginUpload(this.repository, this.descriptor)
        if (again === 'mounted') return this.sent
        // The registry forgot the upload, which says nothing of its size.
        if (answer.status === 404 && forgotten++ === 0) {
          session = again
          continue
        }
        return await this.chunks(again, answer)
      }
      // It may have arrived, and only the answer was lost.
      if (await hasBlob(this.repository, this.descriptor)) return this.sent
      const begun = await this.resume(session)
      if (begun !== undefined) return await this.chunks(begun.session, undefined, begun.offset)
      const again = await beginUpload(this.repository, this.descriptor)
      if (again === 'mounted') return this.sent
      session = again
    }
  }

  /** Sends what is left in chunks. `refused` is the registry's answer to the whole, for the error if that fails as well. */
  private async chunks(first: Session, refused?: Answer, from = 0): Promise<number> {
    let { location } = first
    let offset = from
    let resumed = 0
    let last: Answer | undefined
    const size = Math.max(CHUNK, first.leastChunk)
    for (;;) {
      if (offset === this.bytes.length) {
        const answer = await this.attempt(() => this.close(location, undefined))
        if ((answer !== undefined && isClosed(answer)) || await hasBlob(this.repository, this.descriptor)) return this.sent
        // All is there: only the end of it is tried again, as often as anything.
        if (answer === undefined || isPassing(answer)) continue
        if (!isLost(answer)) throw this.refusedUpload(answer)
        last = answer
      } else {
        const end = Math.min(offset + size, this.bytes.length)
        const answer = await this.attempt(() => this.patch(location, offset, end))
        // Amazon ECR says 201 where the specification has 202.
        if (answer !== undefined && (answer.status === 202 || answer.status === 201 || answer.status === 204)) {
          location = locationOf(answer) ?? location
          const reached = Math.min(rangeEnd(answer) ?? end, end)
          // `0-0` after more than a byte: it kept nothing.
          if (reached > offset && (reached > 1 || end === 1)) {
            offset = reached
            continue
          }
        }
        else if (answer !== undefined && !isLost(answer) && !isPassing(answer)) throw this.refusedUpload(refused ?? answer)
        last = answer
      }
      if (++resumed > MOST_RESUMES) throw this.refusedUpload(refused ?? last)
      const found = await this.find({ location, leastChunk: first.leastChunk })
      if (found === 'mounted') return this.sent
      ;({ location, offset } = found)
    }
  }

  /** Where an upload that lost its place goes on: from what the registry has of it, else from the start. */
  private async find(session: Session): Promise<{ readonly location: URL; readonly offset: number } | 'mounted'> {
    const known = await this.resume(session)
    if (known !== undefined) return { location: known.session.location, offset: known.offset }
    const again = await beginUpload(this.repository, this.descriptor)
    return again === 'mounted' ? again : { location: again.location, offset: 0 }
  }

  /** Asks how far an upload got. `undefined` if the registry does not know it any more, or has nothing of it. */
  private async resume({ location, leastChunk }: Session): Promise<{ readonly session: Session; readonly offset: number } | undefined> {
    const answer = await this.repository.connection.ask({ method: 'GET', to: location, scopes: [scopeOf(this.repository)] })
    const offset = answer.status === 204 || answer.status === 200 || answer.status === 202 ? rangeEnd(answer) : undefined
    // `0-0` is what distribution says of nothing as well as of one byte.
    if (offset === undefined || offset <= 1 || offset > this.bytes.length) return undefined
    return { session: { location: locationOf(answer) ?? location, leastChunk }, offset }
  }

  private patch(location: URL, from: number, to: number): Promise<Answer> {
    this.sent += to - from
    return this.repository.connection.askOnce({
      method: 'PATCH', to: location, headers: { ...OCTETS, 'content-range': `${from}-${to - 1}` }, body: this.bytes.subarray(from, to), scopes: [scopeOf(this.repository)],
    })
  }

  private close(location: URL, body: Uint8Array | undefined): Promise<Answer> {
    const to = new URL(location)
    to.searchParams.set('digest', this.descriptor.digest)
    this.sent += body?.length ?? 0
    return this.repository.connection.askOnce({
      method: 'PUT', to, headers: body === undefined ? { 'content-length': '0' } : OCTETS, ...(body === undefined ? {} : { body }), scopes: [scopeOf(this.repository)],
    })
  }

  /** The answer; `undefined` after a network failure. A passing failure has been waited for. */
  private async attempt(send: () => Promise<Answer>): Promise<Answer | undefined> {
    const { connection } = this.repository
    const outcome = await send().catch((error: unknown) => {
      if (error instanceof NoAnswer) return error
      throw error
    })
    if (outcome instanceof NoAnswer || isPassing(outcome)) await pause(outcome, ++this.attempts, connection.registry, connection.rim)
    return outcome instanceof NoAnswer ? undefined : outcome
  }

  private refusedUpload(answer: Answer | undefined): StkError {
    const { digest, size } = this.descriptor
    const place = placeOf(this.repository)
    if (answer?.status === 400 && errorCodes(answer).some((code) => MISMATCH.has(code))) {
      return new StkError('STK4104', { why: `${place} received other bytes than ${digest} (${size} bytes).`, fix: 'Something on the way changes uploads, such as a proxy. Try without it.' })
    }
    return new StkError('STK4105', {
      why: `${place} does not take ${digest} (${size} bytes): ${answer === undefined ? 'the connection broke' : statusOf(answer)}.`,
      fix: answer?.status === 413 ? 'Raise the limit for request bodies of the proxy before the registry.' : 'The codes are the registry\'s own. What was sent so far is kept.',
    })
  }
}

/** How often an upload in chunks may lose its place. */
const MOST_RESUMES = 5

/** 201 by the specification; some say 200 or 204. 202 means that it is not closed. */
function isClosed({ status }: Answer): boolean {
  return status === 201 || status === 200 || status === 204
}

/** Whether the upload is elsewhere than we think (416), or the registry does not know it any more (404). */
function isLost({ status }: Answer): boolean {
  return status === 416 || status === 404
}

/** How many bytes the registry has, by `Range: 0-<last>`. */
function rangeEnd({ headers }: Answer): number | undefined {
  const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(headers.get('range') ?? '') ?? []
  return last === undefined ? undefined : Number(last) + 1
}
