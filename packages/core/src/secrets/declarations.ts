import type { SecretDeclaration } from '../config/resolved.ts'
import { suggestion } from '../diagnostics/index.ts'
import { isPureSecretRef, type SecretRef } from './secret-ref.ts'
import { SECRET_TYPES, type SecretType } from './secret-type.ts'

/** What is wrong with how a secret is declared, in words that go on from the setting's name. */
export interface DeclarationFault {
  readonly path: readonly (string | number)[]
  readonly problem: string
  readonly fix?: string
}

export interface TakenDeclarations {
  /** The same settings, with `secret` and `optional` alone where a secret is named: all that a platform needs to know. */
  readonly settings: unknown
  /** What was said of each secret, by name. */
  readonly declarations: { readonly [name: string]: SecretDeclaration }
  readonly faults: readonly DeclarationFault[]
}

/**
 * Takes what is said about secrets for people and for `stk` (type, description) out of a project's settings.
 *
 * It stays on this side: a manifest has names only, so that a better description is not another release.
 */
export function takeDeclarations(settings: unknown): TakenDeclarations {
  const declarations: Record<string, SecretDeclaration> = {}
  const faults: DeclarationFault[] = []
  const note = (path: DeclarationFault['path'], ref: SecretRef): void => {
    const read = readDeclaration(ref)
    if ('problem' in read) {
      faults.push({ path, ...read })
      return
    }
    const known = Object.hasOwn(declarations, ref.secret) ? declarations[ref.secret] : undefined
    if (known?.type !== undefined && read.type !== undefined && known.type !== read.type) {
      faults.push({ path, problem: `declares ${ref.secret} as ${read.type}, and another setting as ${known.type}`, fix: 'Declare it the same everywhere, or say it once.' })
    }
    if (read.type !== undefined || read.description !== undefined) declarations[ref.secret] = { ...read, ...known }
  }
  const take = (value: unknown, path: DeclarationFault['path']): unknown => {
    if (isPureSecretRef(value)) {
      note(path, value)
      const { type: _, description: __, ...rest } = value
      return rest
    }
    if (Array.isArray(value)) return value.map((item, index) => take(item, [...path, index]))
    if (!isPlain(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, take(inner, [...path, key])]))
  }
  return { settings: take(settings, []), declarations, faults }
}

function readDeclaration({ type, description }: SecretRef): SecretDeclaration | Omit<DeclarationFault, 'path'> {
  if (type !== undefined && !isType(type)) {
    return { problem: 'is a secret of a type that is not known', fix: typeof type === 'string' ? suggestion(type, SECRET_TYPES) : `There is: ${SECRET_TYPES.join(', ')}.` }
  }
  if (description !== undefined && (typeof description !== 'string' || /[\r\n\u2028\u2029]/.test(description))) {
    return { problem: 'is a secret whose description is not one line of text' }
  }
  return { ...(type === undefined ? {} : { type }), ...(description === undefined ? {} : { description }) }
}

function isType(type: unknown): type is SecretType {
  return SECRET_TYPES.some((known) => known === type)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
