import type { SecretFailure } from '@santokit/core'
import { z } from 'zod'
import { itemSchema, type Item } from '../item.ts'

/** Connect said no. Its message stays there: it may hold anything. */
export class ConnectRefusal extends Error {
  override readonly name = 'ConnectRefusal'
  readonly failure: SecretFailure
  readonly status: number | undefined

  constructor(failure: SecretFailure, status?: number) {
    super(failure)
    this.failure = failure
    this.status = status
  }
}

export interface Vault {
  readonly id: string
  readonly name?: string | null | undefined
}

/** The four reads of the Connect API that are needed (1Password Connect OpenAPI 1.7). */
export interface ConnectClient {
  vaults(): Promise<readonly Vault[]>
  vault(id: string): Promise<Vault>
  /** Items with this title, without their fields. */
  itemsTitled(vault: string, title: string): Promise<readonly { readonly id: string; readonly title?: string | null | undefined }[]>
  item(vault: string, id: string): Promise<Item>
}

const vaultSchema = z.object({ id: z.string(), name: z.string().nullish() })
const summarySchema = z.object({ id: z.string(), title: z.string().nullish() })

/** An item is small; a list of every vault is, too. */
const ANSWER_BYTES = 16 * 1024 * 1024

const FAILURES: Readonly<Record<number, SecretFailure>> = { 401: 'unauthenticated', 403: 'forbidden', 404: 'item-not-found', 429: 'rate-limited' }

/** A client for the server at `host`. It follows no redirect, so the token goes nowhere else. */
export function connectClient(host: string, token: string, signal: AbortSignal, ask: typeof fetch): ConnectClient {
  const read = async <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> => {
    signal.throwIfAborted()
    let response: Response
    let text: string
    try {
      response = await ask(new URL(`v1/${path}`, host.endsWith('/') ? host : `${host}/`), {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' }, redirect: 'manual', signal,
      })
      text = await readText(response)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof ConnectRefusal ? error : new ConnectRefusal('network')
    }
    if (!response.ok) throw new ConnectRefusal(FAILURES[response.status] ?? (response.status >= 500 ? 'network' : 'unknown'), response.status)
    const parsed = schema.safeParse(parseJson(text))
    if (!parsed.success) throw new ConnectRefusal('unknown', response.status)
    return parsed.data
  }
  const part = encodeURIComponent
  return {
    vaults: () => read('vaults', z.array(vaultSchema)),
    vault: (id) => read(`vaults/${part(id)}`, vaultSchema),
    // No reference has a quote in it, so a title needs no escaping.
    itemsTitled: (vault, title) => read(`vaults/${part(vault)}/items?filter=${part(`title eq "${title}"`)}`, z.array(summarySchema)),
    item: (vault, id) => read(`vaults/${part(vault)}/items/${part(id)}`, itemSchema),
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > ANSWER_BYTES) throw new ConnectRefusal('unknown', response.status)
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
