import type { JsonSchema } from '@santokit/bridge/manifest'
import { compareSchemas, type SchemaChange } from './compare-schemas.ts'
import { impact, type Impact, type RuleId } from './rules.ts'

/** What a change of the params does to those who send them. */
export function judgeParams(before: JsonSchema, after: JsonSchema, subject: string): readonly Impact[] {
  return compareSchemas(before, after).map((change) => impact(ruleOfParam(change), subject, say('params', change)))
}

/** What a change of the returns does to those who read them. Either may be undeclared. */
export function judgeReturns(before: JsonSchema | undefined, after: JsonSchema | undefined, subject: string): readonly Impact[] {
  if (before === undefined || after === undefined) {
    if (before === after) return []
    return after === undefined ? [impact('return-undeclared', subject, 'no longer says what it returns')] : [impact('return-narrower', subject, 'says now what it returns')]
  }
  return compareSchemas(before, after).flatMap((change) => {
    const rule = ruleOfReturn(change)
    return rule === undefined ? [] : [impact(rule, subject, say('returns', change))]
  })
}

/** Clients that send what was right must go on to be right: what is accepted may only grow. */
function ruleOfParam({ kind, direction, strict }: SchemaChange): RuleId {
  if (kind === 'added') return strict === true ? 'param-required' : 'param-added'
  if (kind === 'removed') return strict === true ? 'param-removed' : 'param-ignored'
  if (kind === 'default') return 'param-default'
  if (kind === 'shape' || direction === 'unknown') return 'param-undecided'
  if (direction === 'wider') return 'param-wider'
  switch (kind) {
    case 'required': return 'param-now-required'
    case 'null': return 'param-null'
    case 'enum': return 'param-enum'
    case 'range': return 'param-range'
    case 'format': return 'param-format'
    case 'closed': return 'param-closed'
    case 'type': return 'param-type'
  }
}

/** Clients that read what was promised must go on to be right: what is returned may only shrink. */
function ruleOfReturn({ kind, direction }: SchemaChange): RuleId | undefined {
  switch (kind) {
    case 'added': return 'return-added'
    case 'removed': return 'return-removed'
    // A client reads what it knows; what is left out of params has no meaning here.
    case 'closed': case 'default': return undefined
    case 'shape': return 'return-undecided'
    case 'required': return direction === 'wider' ? 'return-optional' : 'return-narrower'
    case 'type': return direction === 'narrower' ? 'return-narrower' : 'return-type'
    case 'null': return direction === 'wider' ? 'return-null' : 'return-narrower'
    case 'enum': return direction === 'wider' ? 'return-enum' : 'return-narrower'
    case 'range': return direction === 'wider' ? 'return-range' : 'return-narrower'
    case 'format': return direction === 'narrower' ? 'return-narrower' : 'return-format'
  }
}

function say(side: 'params' | 'returns', { path, kind, what, strict }: SchemaChange): string {
  const name = `\`${side}${path === '' || path.startsWith('[') || path.startsWith('.') ? path : `.${path}`}\``
  switch (kind) {
    case 'added': return side === 'params' ? `${name} is new and ${strict === true ? 'required' : 'optional'} (${what})` : `${name} is new (${what})`
    case 'removed':
      if (side === 'returns') return `${name} is no longer returned`
      return strict === true ? `${name} is refused now` : `${name} is no longer read`
    case 'required': return side === 'returns' && what === 'is optional now' ? `${name} may be absent now` : `${name} ${what}`
    case 'null': case 'closed': case 'shape': return `${name} ${what}`
    case 'default': return `${name} left out means another value: ${what}`
    default: return `${name} ${what}`
  }
}
