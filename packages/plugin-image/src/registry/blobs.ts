import { StkError } from '@santokit/core'
import type { Descriptor } from '../oci/types.ts'
import { digestOf } from './digest.ts'
import { refusal } from './refusal.ts'
import { pathOf, placeOf, scopeOf, type Repository } from './repository.ts'

/**
 * Whether a repository has a blob, in full.
 *
 * @returns `false` also where the registry does not answer such questions: then it is sent, which does no harm.
 */
export async function hasBlob(repository: Repository, { digest, size }: Descriptor): Promise<boolean> {
  const answer = await repository.connection.ask({ method: 'HEAD', to: pathOf(repository, 'blobs', digest), scopes: [scopeOf(repository)] })
  const length = answer.headers.get('content-length')
  return answer.status === 200 && (length === null || Number(length) === size)
}

/**
 * Reads a blob, following redirects to where the registry keeps it, without credentials.
 *
 * @throws StkError STK4109 if it is not there. STK4104 if it is not what its digest says.
 */
export async function getBlob(repository: Repository, { digest, size }: Descriptor): Promise<Uint8Array> {
  const answer = await repository.connection.ask({ method: 'GET', to: pathOf(repository, 'blobs', digest), scopes: [scopeOf(repository)], longest: size + 1 })
  if (answer.status === 404) {
    throw new StkError('STK4109', { why: `${placeOf(repository)} has no blob ${digest}.`, fix: 'Check the name; the registry may have cleaned up.' })
  }
  if (answer.status !== 200) throw refusal(answer, repository, `a blob`)
  if (answer.bytes.length !== size || digestOf(answer.bytes) !== digest) {
    throw new StkError('STK4104', {
      why: `What ${placeOf(repository)} answered as ${digest} is something else (${answer.bytes.length} bytes; ${size} were due).`,
      fix: 'Try again without a proxy; else report it to whoever runs the registry.',
    })
  }
  return answer.bytes
}
