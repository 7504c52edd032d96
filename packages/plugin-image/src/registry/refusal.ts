import { StkError } from '@santokit/core'
import type { Answer } from './connection/exchange.ts'
import { placeOf, type Repository } from './repository.ts'

/**
 * The codes of a registry's error document, such as `DENIED`; OCI distribution specification, "Error Codes".
 *
 * Only the codes: the texts beside them may repeat parts of the request.
 */
export function errorCodes({ bytes }: Answer): readonly string[] {
  try {
    const { errors } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly errors?: readonly { readonly code?: unknown }[] }
    return (errors ?? []).map(({ code }) => code).filter((code): code is string => typeof code === 'string' && /^[A-Z][A-Za-z_]{1,50}$/.test(code))
  } catch {
    return []
  }
}

/** `HTTP 403 (DENIED)`. */
export function statusOf(answer: Answer): string {
  const codes = errorCodes(answer)
  return `HTTP ${answer.status}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}`
}

/** The error for an answer that nobody can go on with. `what` is what was asked: `"sha-1a2b3c"`, `a layer`. */
export function refusal(answer: Answer, repository: Repository, what: string): StkError {
  const place = placeOf(repository)
  const { status } = answer
  if (status === 403) {
    return new StkError('STK4102', {
      why: `${place} does not let this account ${repository.access === 'push' ? 'push' : 'pull'} ${what}: ${statusOf(answer)}.`,
      fix: 'Give the account the right, and check the name of the repository.',
    })
  }
  if (status === 404 && repository.access === 'push') {
    return new StkError('STK4102', {
      why: `There is no repository ${place}, and the registry does not create it: ${statusOf(answer)}.`,
      fix: 'Create it there once, or check its name.',
    })
  }
  return new StkError('STK4008', { why: `${place} answered ${statusOf(answer)} to ${what}.`, fix: 'Check that it is a registry of images.' })
}
