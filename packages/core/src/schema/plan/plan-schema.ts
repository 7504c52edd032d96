import { digestOf } from '@santokit/bridge/manifest'
import { StkError } from '../../diagnostics/index.ts'
import type { SchemaContext, SchemaDatabase, SchemaDraft, SchemaEngine, SchemaState, SchemaStatement, SchemaSubject } from '../contract.ts'
import { withConnection } from '../database/connection.ts'
import { hostOf } from '../database/postgres.ts'
import { fileOf } from '../database/libsql.ts'
import { identify } from '../database/identity.ts'
import { withPresent } from '../database/stand-in.ts'
import { changesBetween } from '../risk/changes.ts'
import { classifyStatements } from '../risk/classify.ts'
import { fingerprint } from '../state/fingerprint.ts'
import { look } from '../state/inspect.ts'
import type { SchemaPlan } from './format.ts'
import { repairsOf } from './repairs.ts'

/** All that a plan is made from. */
export interface Planning {
  readonly subject: SchemaSubject
  readonly database: SchemaDatabase
  readonly engine: SchemaEngine
  readonly ctx: SchemaContext
}

/** How often a schema that changes while it is looked at is looked at again. */
const ATTEMPTS = 3

/**
 * Finds out what would be done to a database, and what it would risk. Only reads.
 *
 * @throws StkError of the engine; STK6004 when the database cannot be reached; STK6006 when its schema changes all the while.
 */
export async function planSchema({ subject, database, engine, ctx }: Planning): Promise<SchemaPlan> {
  const version = (await engine.preflight?.(ctx))?.version ?? null
  return withPresent(database, (present) => withConnection(present, async (connection) => {
    const target = await identify(database, connection)
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      ctx.signal.throwIfAborted()
      const live = await look(connection, subject)
      const draft = await engine.plan(present, subject, ctx)
      const after = fingerprint(await look(connection, subject))
      if (JSON.stringify(after) !== JSON.stringify(fingerprint(live))) continue
      return planFrom({ subject, engine, version, target, live, draft })
    }
    throw new StkError('STK6006', {
      why: `The schema of ${fileOf(database) ?? hostOf(database)} changed each of the ${ATTEMPTS} times it was looked at.`,
      fix: 'Somebody else is changing it. Wait for them, then plan again.',
      project: subject.project,
    })
  }))
}

interface Found {
  readonly subject: SchemaSubject
  readonly engine: SchemaEngine
  readonly version: string | null
  readonly target: SchemaPlan['target']
  readonly live: SchemaState
  readonly draft: SchemaDraft
}

function planFrom({ subject, engine, version, target, live, draft }: Found): SchemaPlan {
  const whole = { ...draft, statements: [...repairsOf(live, draft, subject.driver), ...draft.statements] }
  const statements = classifyStatements(live, whole, subject)
  return {
    project: subject.project,
    alias: subject.alias,
    driver: subject.driver,
    engine: { name: engine.name, version },
    target,
    schemas: subject.schemas,
    exclude: subject.exclude,
    sources: Object.fromEntries(subject.sources.map(({ path, text }) => [path, digestOf(text)])),
    live: fingerprint(live),
    desired: fingerprint(draft.to),
    statements,
    unplanned: unplanned(live, draft.to, statements, subject),
  }
}

/**
 * Whole objects and columns that the sources have and the database lacks, without a statement that touches them. What the database has and the
 * sources lack is not counted: an engine that knows no functions leaves those of others alone.
 */
function unplanned(from: SchemaState, to: SchemaState, statements: readonly SchemaStatement[], { driver }: SchemaSubject): readonly string[] {
  const touched = new Set(statements.flatMap(({ objects }) => objects))
  return changesBetween(from, to, driver)
    .filter(({ object, part, kind }) => kind !== 'removed' && !touched.has(object) && (part === undefined || MATTERS.test(part)))
    .map(({ object, part, kind }) => (part === undefined ? `${object} is missing` : `${object}: ${part} ${kind === 'added' ? 'is missing' : 'differs'}`))
}

/** Parts that mean the same in every spelling an engine may give them. */
const MATTERS = /^(definition|column .*|trigger .*|policy .*|row security)$/
