import { StkError } from '@santokit/core'

/** `op://vault/item/[section/]field[?attribute=…]`, taken apart. Names and ids stand in the same places. */
export interface Reference {
  readonly text: string
  readonly vault: string
  readonly item: string
  readonly section?: string
  readonly field: string
  /** `otp` for a one-time password, or another attribute of the field. */
  readonly attribute?: string
  /** `openssh` for a private key in that format. */
  readonly sshFormat?: string
}

/** What 1Password allows in a name (secret reference syntax, "Syntax rules"); anything else is written by its id. */
const PART = /^[A-Za-z0-9_.-]+(?: +[A-Za-z0-9_.-]+)*$/
const QUERY = /^(attribute|attr|ssh-format)=([a-z][a-z0-9-]*)$/
const FIX = 'Write op://vault/item/field or op://vault/item/section/field. A name with other characters than letters, digits, space, "-", "_" and "." is written by its id.'

/**
 * Takes a reference apart, asking nobody.
 *
 * @throws StkError STK3002. It never repeats what was written: that may be a value.
 */
export function parseReference(text: string): Reference {
  const [place = '', query, ...more] = text.split('?')
  if (!place.startsWith('op://')) throw refused('It does not begin with op://.')
  const parts = place.slice('op://'.length).split('/')
  if (parts.length < 3) throw refused('It names too little: a vault, an item and a field are needed.')
  if (parts.length > 4) throw refused('It has more than a vault, an item, a section and a field.')
  if (!parts.every((part) => PART.test(part))) throw refused('One of its parts is empty, or has a character that no reference may have.')
  const [vault = '', item = '', ...rest] = parts
  const [section, field] = rest.length === 2 ? rest : [undefined, rest[0]]
  const asked = query === undefined ? undefined : QUERY.exec(query)
  if (asked === null || more.length > 0) throw refused('What stands after "?" is neither attribute=… nor ssh-format=….')
  const [, key, value] = asked ?? []
  return {
    text, vault, item, field: field ?? '',
    ...(section === undefined ? {} : { section }),
    ...(value === undefined ? {} : key === 'ssh-format' ? { sshFormat: value } : { attribute: value }),
  }
}

function refused(why: string): StkError {
  return new StkError('STK3002', { why, fix: FIX })
}
