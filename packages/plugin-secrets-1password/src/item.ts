import { SecretValue, type SecretResult } from '@santokit/core'
import { z } from 'zod'
import { refusal } from './refusals.ts'
import type { Reference } from './reference.ts'

/** What may be left out, or `null`. */
const name = z.string().nullish().transform((value) => value ?? undefined)

/** An item as Connect and `op item get --format json` give it, as far as it is read. */
export const itemSchema = z.object({
  id: z.string(),
  title: name,
  sections: z.array(z.object({ id: z.string(), label: name })).nullish(),
  fields: z.array(z.object({
    id: z.string(),
    label: name,
    section: z.object({ id: name, label: name }).nullish(),
    type: name,
    value: name,
    /** The current code of a one-time password. */
    totp: name,
    otp: name,
  })).nullish(),
})

export type Item = z.output<typeof itemSchema>
type Field = NonNullable<Item['fields']>[number]

/** Finds the field that a reference names, by label or id, in upper or lower case. */
export function readField(item: Item, reference: Reference): SecretResult {
  const named = (item.fields ?? []).filter((field) => isCalled(reference.field, field.id, field.label))
  const found = reference.section === undefined ? outsideSectionsFirst(named) : named.filter((field) => isInSection(field, item, reference.section ?? ''))
  const [field, ...others] = found
  if (field === undefined) return refusal('field-not-found')
  if (others.length > 0) return refusal('ambiguous')
  return valueOf(field, reference)
}

function valueOf(field: Field, { attribute, sshFormat }: Reference): SecretResult {
  if (sshFormat !== undefined || !['value', 'otp', undefined].includes(attribute)) return refusal('malformed-ref')
  const value = attribute === 'otp' ? field.totp ?? field.otp : field.value
  if (attribute === 'otp' && value === undefined) return refusal('malformed-ref')
  if (value === undefined || value === '') return refusal('empty')
  return { value: new SecretValue(value) }
}

/** A reference without a section means a field outside of all sections, if there is one. */
function outsideSectionsFirst(fields: readonly Field[]): readonly Field[] {
  const outside = fields.filter((field) => (field.section?.id ?? '') === '')
  return outside.length > 0 ? outside : fields
}

function isInSection(field: Field, item: Item, wanted: string): boolean {
  const id = field.section?.id
  if (id === undefined) return false
  const label = field.section?.label ?? item.sections?.find((section) => section.id === id)?.label
  return isCalled(wanted, id, label)
}

export function isCalled(wanted: string, id: string, label: string | null | undefined): boolean {
  return id === wanted || label?.toLowerCase() === wanted.toLowerCase()
}
