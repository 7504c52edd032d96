import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

/** The one mechanism that every Postgres since version 10 knows. */
export const MECHANISM = 'SCRAM-SHA-256'

/** Keys of a password, by what they were derived with: the dearest part of a login, and the same for all of them (RFC 5802, section 3). */
interface Keys {
  readonly client: Buffer
  readonly server: Buffer
}

/** Derived keys are kept for so many passwords and salts: an alias has one of each. */
const MOST_KEPT = 16
/** What a server may ask for; Postgres asks for 4096 unless told otherwise. Each takes time that a Worker pays for. */
const MOST_ITERATIONS = 1_000_000

/** Characters that count as a blank, and such that count for nothing (RFC 3454, tables C.1.2 and B.1). */
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu

const kept = new Map<string, Keys>()

/** The client's side of a SCRAM-SHA-256 login without channel binding (RFC 5802, RFC 7677). */
export class ScramLogin {
  readonly #nonce: string
  #signature: Buffer | undefined

  /** @param nonce is for tests with known answers only. */
  constructor(private readonly password: string, nonce = randomBytes(18).toString('base64')) {
    this.#nonce = nonce
  }

  /** What opens the exchange. Postgres takes the user's name from the start of the session and ignores the one here. */
  first(): string {
    return `n,,${this.#firstBare}`
  }

  /**
   * The proof of the password, for what the server said.
   *
   * @throws Error if it is not what a server may say.
   */
  final(challenge: string): string {
    const { r: nonce = '', s: salt = '', i: iterations = '' } = attributesOf(challenge)
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) throw new Error('the server answered another login')
    const count = Number(iterations)
    if (salt === '' || !/^\d+$/.test(iterations) || count < 1 || count > MOST_ITERATIONS) throw new Error('the server asks for an odd login')
    const keys = keysOf(this.password, salt, count)
    const withoutProof = `c=biws,r=${nonce}`
    const message = `${this.#firstBare},${challenge},${withoutProof}`
    const signature = hmac(createHash('sha256').update(keys.client).digest(), message)
    const proof = Buffer.from(keys.client)
    for (let at = 0; at < proof.length; at++) proof[at] = (proof[at] as number) ^ (signature[at] as number)
    this.#signature = hmac(keys.server, message)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** @throws Error unless the server knows the password, too. */
  verify(outcome: string): void {
    const given = Buffer.from(attributesOf(outcome).v ?? '', 'base64')
    const expected = this.#signature
    if (expected === undefined || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new Error('the server does not know the password')
    }
  }

  get #firstBare(): string {
    return `n=,r=${this.#nonce}`
  }
}

function keysOf(password: string, salt: string, iterations: number): Keys {
  // A hash, so that a dump of memory holds no password but the environment's own.
  const name = createHash('sha256').update(JSON.stringify([password, salt, iterations])).digest('base64')
  let keys = kept.get(name)
  if (keys === undefined) {
    const salted = pbkdf2Sync(prepare(password), Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
    keys = { client: hmac(salted, 'Client Key'), server: hmac(salted, 'Server Key') }
    const [oldest] = kept.keys()
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest)
    kept.set(name, keys)
  }
  return keys
}

/** What SASLprep (RFC 4013) makes of a password, but for what it prohibits: Postgres takes such a password as it is. */
function prepare(password: string): string {
  return password.replaceAll(SPACES, ' ').replaceAll(NOTHING, '').normalize('NFKC')
}

function attributesOf(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
