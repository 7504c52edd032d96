const HEX = '0123456789abcdef'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

/** What breaks quoting, templates, shells, `.env` files, URLs and terminals. */
const AWKWARD = [
  '"', "'", '`', '\\', '\\n', '\\\\', '$HOME', '${HOME}', '$(id)', '`id`', '%HOME%', '%20', '%', '#', ' # ', '=', '==', ';', '&', '|', '{{ op://a/b/c }}',
  'op://vault/item/field', '\n', '\n\n', '\r\n', '\r', '\t', '\v', '\f', '\u0000', '\u0001', '\u001B[31m', '\u007F', ' ', '\u00A0', '\u2028', '\uFEFF',
  'é', 'e\u0301', 'ß', '漢字', '🔑', '👩‍💻', '\u202E', '[secret]', 'null', '-----BEGIN PRIVATE KEY-----', '/*', '--', '<&>', ',', ':', '@', '/', '?', '*', '~', '!',
]

const SHAPES: readonly ((random: Random) => string)[] = [
  (random) => random.text(PRINTABLE, 1, 40),
  (random) => random.text(HEX, 32, 64),
  (random) => random.text(BASE64, 16, 200),
  (random) => random.many(AWKWARD, 1, 12),
  (random) => `${random.text(PRINTABLE, 0, 20)}${random.many(AWKWARD, 1, 4)}${random.text(PRINTABLE, 0, 20)}`,
  (random) => `postgres://app:${encodeURIComponent(random.text(PRINTABLE, 8, 20))}@db-${random.text(HEX, 4, 8)}:5432/shop?sslmode=require`,
  (random) => `-----BEGIN PRIVATE KEY-----\n${random.lines(BASE64, 64, 4, 20)}\n-----END PRIVATE KEY-----\n`,
  (random) => JSON.stringify({ type: 'service_account', key: random.text(PRINTABLE, 10, 40), scopes: [random.text(HEX, 8, 8)] }, null, 2),
  (random) => [1, 2, 3].map(() => random.text(BASE64.slice(0, 62), 20, 60)).join('.'),
  (random) => random.unicode(1, 30),
  (random) => random.text(PRINTABLE, 2000, 4000),
  (random) => ` ${random.text(PRINTABLE, 1, 10)} `,
]

/**
 * Values that a secret may have: keys, URLs, PEM, JSON, every kind of quote, expansion, line break and script. The same
 * seed gives the same values. All are valid Unicode, not empty, and different.
 *
 * @param fits those that a place can hold; what it refuses is made up for by others.
 * @throws Error if `fits` refuses nearly everything.
 */
export function fuzzedSecrets(count: number, { seed = 1, fits = () => true }: { readonly seed?: number; readonly fits?: (value: string) => boolean } = {}): readonly string[] {
  const random = new Random(seed)
  const values = new Set<string>()
  for (let tries = 0; values.size < count; tries++) {
    if (tries > count * 10) throw new Error(`of ${tries} values only ${values.size} fit`)
    const value = random.one(SHAPES)(random)
    if (value !== '' && fits(value)) values.add(value)
  }
  return [...values]
}

/** A small generator whose numbers depend on its seed alone (mulberry32). */
class Random {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (this.state + 0x6D2B79F5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  text(alphabet: string, least: number, most: number): string {
    return Array.from({ length: this.between(least, most) }, () => alphabet[this.below(alphabet.length)]).join('')
  }

  many(pieces: readonly string[], least: number, most: number): string {
    return Array.from({ length: this.between(least, most) }, () => this.one(pieces)).join('')
  }

  lines(alphabet: string, width: number, least: number, most: number): string {
    return Array.from({ length: this.between(least, most) }, () => this.text(alphabet, width, width)).join('\n')
  }

  /** Any code point but the halves of a surrogate pair. */
  unicode(least: number, most: number): string {
    return Array.from({ length: this.between(least, most) }, () => {
      const point = this.below(0x10FFFF - 0x800)
      return String.fromCodePoint(point < 0xD800 ? point : point + 0x800)
    }).join('')
  }
}
