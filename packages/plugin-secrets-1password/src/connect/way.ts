import type { SecretContext, SecretRefusal, SecretResult } from '@santokit/core'
import { isCalled, readField, type Item } from '../item.ts'
import type { Reference } from '../reference.ts'
import { concernsEveryReference, refusal } from '../refusals.ts'
import type { Way } from '../way.ts'
import { connectClient, ConnectRefusal, type ConnectClient, type Vault } from './client.ts'

export interface ConnectSettings {
  readonly host: string
  readonly token: string
  readonly fetch: typeof fetch
}

const ID = /^[a-z0-9]{26}$/
/** Items that are read at a time. */
const AT_ONCE = 6

/** Through a Connect server: each vault and each item is looked up once, however many fields are wanted. */
export function connectWay({ host, token, fetch: ask }: ConnectSettings): Way {
  const server = URL.canParse(host) ? new URL(host) : undefined
  const usable = server !== undefined && /^https?:$/.test(server.protocol) && server.username === '' && server.password === ''
  const misplaced = refusal('network', { why: 'OP_CONNECT_HOST is not the address of a Connect server.', fix: 'Set it to http://… or https://…, without a user or a password.' })
  return {
    async identify({ signal }) {
      if (!usable) return misplaced
      const answer = await attempt(() => connectClient(host, token, signal, ask).vaults())
      if ('failure' in answer) return answer
      return { identity: `a token for ${answer.value.length} vault${answer.value.length === 1 ? '' : 's'}`, mode: `Connect at ${server.origin}` }
    },
    async resolve(references, { signal }: SecretContext) {
      const results = new Map<string, SecretResult>()
      if (!usable) {
        for (const { text } of references) results.set(text, misplaced)
        return results
      }
      const reader = new Reader(connectClient(host, token, signal, ask))
      const left = [...references]
      let stopped: SecretRefusal | undefined
      const worker = async (): Promise<void> => {
        for (let reference = left.shift(); reference !== undefined; reference = left.shift()) {
          const result = stopped ?? await reader.read(reference)
          if ('failure' in result && concernsEveryReference(result.failure)) stopped ??= result
          results.set(reference.text, result)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      return results
    },
  }
}

type Answer<T> = { readonly value: T } | SecretRefusal

/** Remembers what it looked up, for one run. */
class Reader {
  private all: Promise<Answer<readonly Vault[]>> | undefined
  private readonly vaults = new Map<string, Promise<Answer<string>>>()
  private readonly items = new Map<string, Promise<Answer<Item>>>()

  constructor(private readonly client: ConnectClient) {}

  async read(reference: Reference): Promise<SecretResult> {
    const vault = await remember(this.vaults, reference.vault.toLowerCase(), () => this.findVault(reference.vault))
    if ('failure' in vault) return vault
    const item = await remember(this.items, `${vault.value}/${reference.item.toLowerCase()}`, () => this.findItem(vault.value, reference.item))
    return 'failure' in item ? item : readField(item.value, reference)
  }

  /** A list of all vaults, because names are compared in upper or lower case. */
  private async findVault(wanted: string): Promise<Answer<string>> {
    this.all ??= attempt(() => this.client.vaults())
    const all = await this.all
    if ('failure' in all) return all
    const [vault, ...others] = all.value.filter(({ id, name }) => isCalled(wanted, id, name))
    if (others.length > 0) return refusal('ambiguous')
    if (vault !== undefined) return { value: vault.id }
    if (!ID.test(wanted)) return refusal('vault-not-found')
    // An id that is not listed may be one that the token may not read, which is another matter.
    const asked = await attempt(() => this.client.vault(wanted))
    if ('value' in asked) return { value: asked.value.id }
    return asked.failure === 'item-not-found' ? refusal('vault-not-found') : asked
  }

  private async findItem(vault: string, wanted: string): Promise<Answer<Item>> {
    if (ID.test(wanted)) {
      const byId = await attempt(() => this.client.item(vault, wanted))
      if ('value' in byId || byId.failure !== 'item-not-found') return byId
    }
    const titled = await attempt(() => this.client.itemsTitled(vault, wanted))
    if ('failure' in titled) return titled
    const [item, ...others] = titled.value
    if (item === undefined) return refusal('item-not-found')
    return others.length > 0 ? refusal('ambiguous') : attempt(() => this.client.item(vault, item.id))
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof ConnectRefusal)) throw error
    const { failure, status } = error
    return refusal(failure, failure === 'network' && status !== undefined ? { why: `The Connect server answered ${status}.`, fix: 'Look at its log, and at GET /health.' } : {})
  }
}

function remember<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find()
  known.set(key, found)
  return found
}
