import { StkError } from '@santokit/core'
import * as z from 'zod/mini'
import { resolveAddress } from './connection/addresses.ts'
import type { Answer } from './connection/exchange.ts'
import { isTag } from './reference.ts'
import { refusal } from './refusal.ts'
import { pathOf, placeOf, scopeOf, type Repository } from './repository.ts'

const page = z.object({ tags: z.nullish(z.array(z.string())) })

/** Tags of one answer; registries give fewer where they like. */
const PAGE = 1000
/** Pages of a list. Beyond it nobody looks. */
const MOST_PAGES = 100
const LONGEST_PAGE = 4 * 1_048_576

/** Every tag of a repository, in the registry's order. None if the repository is not there. */
export async function listTags(repository: Repository): Promise<readonly string[]> {
  const tags: string[] = []
  for await (const answer of pages(repository, `${pathOf(repository, 'tags/list')}?n=${PAGE}`, 'its tags')) {
    tags.push(...(page.safeParse(parseJson(answer)).data?.tags ?? []).filter(isTag))
  }
  return [...new Set(tags)]
}

/**
 * The answers to a list that may have pages, by `Link: <…>; rel="next"` (RFC 8288). A 404 ends it.
 *
 * @param isList whether the first answer is one at all; if not, there are none.
 * @throws StkError STK4008 if the next page is at another host: nothing would vouch for it.
 */
export async function* pages(repository: Repository, first: string, what: string, isList?: (answer: Answer) => boolean): AsyncGenerator<Answer> {
  const { connection } = repository
  const seen = new Set<string>()
  let next: URL | undefined = new URL(first, connection.origin)
  while (next !== undefined && !seen.has(next.href) && seen.size < MOST_PAGES) {
    seen.add(next.href)
    const answer: Answer = await connection.ask({ method: 'GET', to: next, headers: { accept: '*/*' }, scopes: [scopeOf(repository)], longest: LONGEST_PAGE })
    if (answer.status === 404 || (seen.size === 1 && isList?.(answer) === false)) return
    if (answer.status !== 200) throw refusal(answer, repository, what)
    yield answer
    next = nextPage(answer)
    if (next !== undefined && next.origin !== connection.origin.origin) {
      throw new StkError('STK4008', { why: `${placeOf(repository)} continues the list of ${what} at ${next.host}.`, fix: 'Find out why the registry says so.' })
    }
  }
}

function nextPage({ headers, url }: Answer): URL | undefined {
  for (const [, target = '', parameters = ''] of (headers.get('link') ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel="?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:[;,]|$)/i.test(parameters)) return resolveAddress(target, url)
  }
  return undefined
}

export function parseJson({ bytes }: Pick<Answer, 'bytes'>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
