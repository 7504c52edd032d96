/** What both stand-ins keep: vaults with items, shaped as 1Password's Connect API and `op item get` show them. */
export interface FakeWorld {
  readonly vaults: readonly FakeVault[]
}

export interface FakeVault {
  readonly id: string
  readonly name: string
  readonly items: readonly FakeItem[]
}

export interface FakeItem {
  readonly id: string
  readonly title: string
  readonly sections: readonly { readonly id: string; readonly label: string }[]
  readonly fields: readonly FakeField[]
}

export interface FakeField {
  readonly id: string
  readonly label: string
  readonly type: string
  readonly value?: string
  readonly totp?: string
  readonly section?: { readonly id: string }
}

/** An id of the form that 1Password gives: 26 of a–z and 0–9. */
export function idOf(seed: string): string {
  return seed.toLowerCase().replaceAll(/[^a-z0-9]/g, '').padEnd(26, 'x').slice(0, 26)
}

/** Items by `vault/item`, each with its values by field or `section.field`. */
export function worldOf(items: Readonly<Record<string, Readonly<Record<string, string>>>>): FakeWorld {
  const vaults = new Map<string, FakeItem[]>()
  for (const [path, values] of Object.entries(items)) {
    const [vault = '', title = ''] = path.split('/')
    const sections = [...new Set(Object.keys(values).flatMap((name) => (name.includes('.') ? [name.split('.')[0] ?? ''] : [])))]
    const item: FakeItem = {
      id: idOf(`item${vault}${title}`),
      title,
      sections: sections.map((label) => ({ id: idOf(`section${label}`), label })),
      fields: Object.entries(values).map(([name, value]) => {
        const [section, label] = name.includes('.') ? name.split('.') : [undefined, name]
        return { id: idOf(`field${name}`), label: label ?? '', type: 'CONCEALED', value, ...(section === undefined ? {} : { section: { id: idOf(`section${section}`) } }) }
      }),
    }
    vaults.set(vault, [...(vaults.get(vault) ?? []), item])
  }
  return { vaults: [...vaults].map(([name, held]) => ({ id: idOf(`vault${name}`), name, items: held })) }
}

/** The items that the shared suite reads. */
export const SUITE_WORLD = worldOf({
  'prod/shop db': { url: 'postgres://app:canary-one@db/shop', 'owner.password': 'canary-two-canary' },
  'prod/mail': { key: 'canary-three-canary', empty: '' },
})

export const SUITE = {
  present: {
    'op://prod/shop db/url': 'postgres://app:canary-one@db/shop',
    'op://PROD/Shop DB/owner/password': 'canary-two-canary',
    [`op://${idOf('vaultprod')}/${idOf('itemprodmail')}/key`]: 'canary-three-canary',
  },
  absent: {
    'op://nowhere/shop db/url': 'vault-not-found',
    'op://prod/nothing/url': 'item-not-found',
    'op://prod/shop db/nothing': 'field-not-found',
    'op://prod/mail/empty': 'empty',
  },
  malformed: ['op:', 'op://', 'op://prod', 'op://prod/mail', 'op://prod/mail/', 'op://prod//key', 'op://prod/mail/a/b/c', 'op:prod/mail/key', 'op://prod/mail/ key', 'op://prod/mail/k\ney',
    'op://prod/mail/key?colour=red', 'op://prod/mail/key?attribute=otp?x', "op://prod/ma'il/key", 'op://prod/m{{ail/key', 'op://prod/$ITEM/key'],
} as const

/** A world with a field for each value, fifty to an item. */
export function worldHolding(values: readonly string[]): { readonly world: FakeWorld; readonly refs: readonly string[] } {
  const items: Record<string, Record<string, string>> = {}
  const refs = values.map((value, index) => {
    const item = `many-${Math.floor(index / 50)}`
    items[`held/${item}`] = { ...items[`held/${item}`], [`value-${index}`]: value }
    return `op://held/${item}/value-${index}`
  })
  return { world: worldOf(items), refs }
}
