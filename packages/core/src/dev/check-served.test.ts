import { expect, test } from 'vitest'
import { codeFrame, type ReportEvent, type StkError } from '../diagnostics/index.ts'
import { CONFIG, develop, FILES, type Developed } from './explorer/fixture.ts'

const LIST = FILES['notes/logic/notes/list.sql'] as string
const failedCheck = (event: ReportEvent): boolean => event.type === 'phase:failed' && event.phase === 'check'
const takenAgain = (event: ReportEvent): boolean => event.type === 'note' && event.message.includes('every statement again')
const refusedBy = async ({ url }: Developed): Promise<unknown> => ((await (await fetch(`${url}/_stk/api/state`)).json()) as { refused: unknown }).refused

async function errorOf(dev: Developed): Promise<StkError> {
  return (await dev.next('phase:failed', failedCheck) as Extract<ReportEvent, { type: 'phase:failed' }>).error
}

test('libSQL: a misspelt column is served, shown at its place in the words of the database, and cleared once it is right', async () => {
  const dev = await develop()
  expect(await refusedBy(dev)).toEqual([])
  await dev.write('notes/logic/notes/list.sql', LIST.replace('author, text', 'auhtor, text'))
  await dev.next('served')
  const error = await errorOf(dev)
  expect(error).toMatchObject({ code: 'STK5006', details: { project: 'notes', where: { file: 'notes/logic/notes/list.sql', line: 9, column: 12, length: 6 } } })
  expect(error.details.why).toBe('Database "main" says: no such column: auhtor')
  expect(await refusedBy(dev)).toMatchObject([{ code: 'STK5006', place: 'notes/logic/notes/list.sql:9:12', frame: expect.stringContaining('^^^^^^') as string }])
  expect((await dev.call('notes/purge')).status).toBe(401)

  // Saving something else says nothing new of it.
  await dev.write('notes/logic/stats/slow.ts', `export default { access: 'public', handler: () => 1 }`)
  await dev.next('served')
  await dev.write('notes/logic/notes/list.sql', LIST)
  await dev.next('note', takenAgain)
  expect(dev.events.filter(failedCheck)).toHaveLength(1)
  expect(await refusedBy(dev)).toEqual([])
})

test('a schema that changes is held against the statements that did not', async () => {
  const dev = await develop()
  const schema = FILES['notes/schema/main.sql'] as string
  await dev.write('notes/seed/main.sql', '')
  await dev.next('note', (event) => event.type === 'note' && event.message.startsWith('reloaded'))
  await dev.write('notes/schema/main.sql', schema.replace('author', 'writer'))
  const error = await errorOf(dev)
  expect([error, ...error.details.others ?? []].map(({ details: { where, why } }) => [where?.file, where?.line, why])).toEqual([
    ['notes/logic/notes/add.sql', 8, 'Database "main" says: table notes has no column named author'],
    ['notes/logic/notes/list.sql', 9, 'Database "main" says: no such column: author'],
  ])
  await dev.write('notes/schema/main.sql', schema)
  await dev.next('note', takenAgain)
})

test('Postgres: the place is the one that the server names, and its hint is the first thing to do', async () => {
  const logic = (sql: string): string => `---\naccess: public\nparams: { q: { type: string, optional: true } }\n---\n${sql}\n`
  const dev = await develop({
    'santokit.config.mjs': CONFIG.replace(`driver: 'libsql'`, `driver: 'pg'`),
    'notes/schema/main.sql': 'create table users (id bigint generated always as identity primary key, name text);',
    'notes/seed/main.sql': `insert into users (name) values ('alice');`,
    'notes/logic/users/list.sql': logic('-- größe 🙂\nselect id, name\nfrom users\nwhere :q::text is null or name = :q'),
    // Neither is known to `prepare`, nor may it be run.
    'notes/logic/users/plan.sql': logic('explain select name from users where name = :q'),
    'notes/logic/users/wipe.sql': logic('truncate users -- :q').replace(/^params.*\n/m, ''),
  })
  await dev.write('notes/logic/users/list.sql', logic('-- größe 🙂\nselect id\nfrom users\nwhere :q::text is null or nmae = :q'))
  const error = await errorOf(dev)
  expect(error.details).toMatchObject({ why: 'Database "main" says: column "nmae" does not exist', where: { file: 'notes/logic/users/list.sql', line: 8 } })
  expect(error.details.fix).toEqual(['Perhaps you meant to reference the column "users.name".', 'Correct the statement, or what schema/main declares.'])
  expect(error.details.where && codeFrame(error.details.where)).toMatch(/> 8 \| where :q::text is null or nmae = :q\n +\| {27}\^{4}/)
  expect(dev.events.filter(failedCheck)).toHaveLength(1)

  await dev.write('notes/logic/users/list.sql', logic('select concat(:q, name) from users'))
  expect((await errorOf(dev)).details).toMatchObject({ why: 'Database "main" says: could not determine data type of parameter $1', where: { line: 5, column: 15, length: 2 } })
  await dev.write('notes/logic/users/list.sql', logic('select id from users where name = :q'))
  await dev.next('note', takenAgain)
  expect(await (await dev.call('users/list', { q: 'alice' })).json()).toEqual({ data: [{ id: '1' }] })
}, 60_000)
