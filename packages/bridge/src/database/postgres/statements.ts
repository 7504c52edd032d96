import { createHash } from 'node:crypto'
import type { SqlLogicEntry } from '../../manifest/format.ts'
import { Pace } from './pace.ts'
import type { Statement } from './wire/exchange.ts'

/** What is known of a SQL logic besides its entry. */
export interface LogicPlan {
  /** The name it is prepared by; none where statements must not be named. */
  readonly name: string | undefined
  /** True if it is a single statement that leaves nothing behind on its connection. */
  readonly mayShare: boolean
  readonly pace: Pace
}

/** Names for statements whose text comes again and again: the project's own SQL, so there are only so many. */
export class Statements {
  readonly #names = new Map<string, string>()
  readonly #plans = new WeakMap<SqlLogicEntry, LogicPlan>()
  readonly #settings = new WeakMap<Statement, Statement>()

  /** @param prepare statements may be named. */
  constructor(private readonly prepare: boolean) {}

  /** Names a statement to be prepared, where that may be done. */
  named(statement: Statement): Statement {
    const name = this.#nameOf(statement.text)
    return name === undefined ? statement : { ...statement, name }
  }

  /** The same for one that is sent again and again, values and all. */
  namedSetting(setting: Statement): Statement {
    let named = this.#settings.get(setting)
    if (named === undefined) this.#settings.set(setting, named = this.named(setting))
    return named
  }

  plan(entry: SqlLogicEntry): LogicPlan {
    let plan = this.#plans.get(entry)
    if (plan === undefined) {
      plan = { name: this.#nameOf(entry.text), mayShare: this.prepare && mayShare(entry.text), pace: new Pace(!entry.readOnly) }
      this.#plans.set(entry, plan)
    }
    return plan
  }

  #nameOf(text: string): string | undefined {
    if (!this.prepare) return undefined
    let name = this.#names.get(text)
    if (name === undefined) {
      // Postgres cuts names at 63 bytes.
      name = `stk_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
      this.#names.set(text, name)
    }
    return name
  }
}

/**
 * Statements that begin so neither open a transaction nor change the session, and end with the implicit transaction of their
 * exchange. Anything else, `begin`, `set` or `listen`, say, has a connection to itself.
 */
function mayShare(text: string): boolean {
  return /^(?:\s|--[^\n]*\n|\/\*[^]*?\*\/)*(?:select|values|table|with|insert|update|delete|merge)\b/i.test(text)
}
