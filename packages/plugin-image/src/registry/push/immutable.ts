import { StkError } from '@santokit/core'
import { placeOf, type Repository } from '../repository.ts'

/** STK4103 for a tag that names another image and stays. */
export function immutable(repository: Repository, tag: string, digest: string, isRule = false): StkError {
  return new StkError('STK4103', {
    why: `${placeOf(repository)}:${tag} names ${digest} already${isRule ? ', and the registry does not let it move' : ''}.`,
    fix: isRule ? 'Exempt the moving tag from the registry\'s rule for immutable tags.' : 'Release under another tag. This one was left as it is.',
  })
}
