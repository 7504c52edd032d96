import { expect, test } from 'vitest'
import type { SchemaStatement } from '../contract.ts'
import type { SchemaPlan } from './format.ts'
import { plansAsMarkdown, plansAsSql } from './show.ts'

const statement = (more: Partial<SchemaStatement>): SchemaStatement =>
  ({ sql: 'alter table a add column b text', risk: 'additive', why: 'adds a column', drops: [], objects: ['table a'], transactional: true, ...more })

const plan = (statements: readonly SchemaStatement[], more: Partial<SchemaPlan> = {}): SchemaPlan => ({
  project: 'shop', alias: 'main', driver: 'pg', engine: { name: 'small', version: null }, target: `sha256:${'0'.repeat(64)}`,
  schemas: ['public'], exclude: [], sources: {}, live: {}, desired: {}, statements, unplanned: [], ...more,
})

const DROP = statement({ sql: 'alter table a drop column old', risk: 'data-losing', why: 'drops a column with all its values', drops: ['column:a.old'] })

test('a comment shows what has to be allowed before everything else', () => {
  expect(plansAsMarkdown([plan([statement({}), DROP], { unplanned: ['view public.v is missing'] })], 'production')).toBe(`### Schema plan · production

**shop · main** — 2 statements: 1 additive, 1 data-losing; 1 not planned

> [!CAUTION]
> \`--allow-drop column:a.old\`

- ⚠️ not planned: view public.v is missing

| | risk | why | |
|---|---|---|---|
| 1 | 🟢 additive | adds a column |  |
| 2 | 🔴 data-losing | drops a column with all its values | \`column:a.old\` |

<details><summary>SQL</summary>

\`\`\`sql
alter table a add column b text;
alter table a drop column old;
\`\`\`

</details>
`)
})

test('nothing inside a statement breaks out of the comment', () => {
  const text = plansAsMarkdown([plan([statement({ sql: 'select \'```\n</details>\'', why: 'a | b <script>\nc', drops: ['column:a.x`y'] })])], 'production')
  expect(text).toContain('````sql\nselect \'```\n</details>\';\n````')
  expect(text).toContain('`` --allow-drop column:a.x`y ``')
  expect(text).toContain('a \\| b &lt;script> c')
})

test('a plan too long for a comment loses its statements, never what has to be allowed', () => {
  const long = statement({ sql: `create table long (c text default '${'x'.repeat(70_000)}')` })
  const text = plansAsMarkdown([plan([long, DROP]), plan([statement({})], { alias: 'second' })], 'production')
  expect(text.length).toBeLessThan(65_536)
  expect(text).toContain('**shop · main** — 2 statements: 1 additive, 1 data-losing')
  expect(text).toContain('> `--allow-drop column:a.old`')
  expect(text).toContain('**shop · second** — 1 statement: 1 additive')
  expect(text).not.toContain('xxx')
  expect(text).toMatch(/the statements are in the plan file\._\n$/)
})

test('even what has to be allowed may be too long: it ends at a whole line, and says so', () => {
  const drops = Array.from({ length: 5000 }, (_, at) => statement({ risk: 'data-losing', drops: [`column:a.column_${at}`] }))
  const text = plansAsMarkdown([plan(drops)], 'production')
  expect(text.length).toBeLessThan(65_536)
  const lines = text.trimEnd().split('\n')
  expect(lines.at(-1)).toBe('_Too long for a comment: the statements are in the plan file._')
  expect(lines.at(-3)).toMatch(/^> `--allow-drop column:a\.column_\d+`$/)
})

test('SQL says what each statement needs, in comments only', () => {
  expect(plansAsSql([plan([DROP])])).toBe(`-- shop.main: 1 statement: 1 data-losing
-- data-losing: drops a column with all its values
-- needs --allow-drop column:a.old
alter table a drop column old;
`)
})
