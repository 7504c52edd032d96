import { beforeEach, expect, test } from 'vitest'
import { makeTinyProject, type TinyProject } from '../packages/core/src/cli/schema/tiny-project.ts'
import { atTerminal, KEYS, type Person } from './terminal.ts'

let tiny: TinyProject
beforeEach(async () => {
  tiny = await makeTinyProject()
  await tiny.byHand('create table users (id integer primary key, old text)')
  return () => tiny.remove()
})

const apply = (...more: readonly string[]): Person => atTerminal(['schema', 'apply', ...more], { cwd: tiny.root })

test('at a terminal the plan is shown, a yes applies it, and then nobody is asked', async () => {
  await tiny.wanted('create table users (id integer primary key, old text, email text)')
  const person = apply()
  await person.answer('Apply to shop.main?', KEYS.yes)
  expect(await person.ended).toBe(0)
  expect(person.screen().indexOf('alter table users add column email text')).toBeLessThan(person.screen().indexOf('Apply to shop.main?'))
  expect(person.screen()).toContain('1 statement applied and verified')
  expect(await tiny.columns()).toEqual(['id', 'old', 'email'])
  const again = apply()
  expect(await again.ended).toBe(0)
  expect(again.screen()).toContain('nothing to do')
})

test.each([['no', 'You said no. Nothing was changed.'], ['interrupt', 'Nothing was changed.']] as const)('%s changes nothing', async (key, said) => {
  await tiny.wanted('create table users (id integer primary key, old text, email text)')
  const person = apply()
  await person.answer('Apply to shop.main?', KEYS[key])
  expect(await person.ended).not.toBe(0)
  expect(person.screen()).toContain(said)
  expect(await tiny.columns()).toEqual(['id', 'old'])
})

test('a drop is not asked for: it has to be named, and then the question still comes', async () => {
  await tiny.wanted('create table users (id integer primary key)')
  const refused = apply()
  expect(await refused.ended).toBe(1)
  expect(refused.screen()).toContain('STK6008')
  expect(refused.screen()).not.toContain('Apply to')
  const person = apply('--allow-drop', 'column:users.old')
  await person.answer('Apply to shop.main?', KEYS.yes)
  expect(await person.ended).toBe(0)
  expect(await tiny.columns()).toEqual(['id'])
})

test('a statement that nobody can judge is shown and asked for by itself', async () => {
  await tiny.byHand(`insert into users values (1, 'a')`)
  await tiny.wanted(`create table users (id integer primary key, old text, email text)\n-- also: update users set email = old`)
  const refused = apply()
  await refused.answer('Run it?', KEYS.no)
  expect(await refused.ended).toBe(1)
  expect(refused.screen()).toContain('STK6009')
  expect(await tiny.columns()).toEqual(['id', 'old'])
  const person = apply()
  await person.answer(/update users set email = old[\s\S]*Run it\?/, KEYS.yes)
  await person.answer('Apply to shop.main?', KEYS.yes)
  expect(await person.ended).toBe(0)
  const client = tiny.client()
  expect((await client.execute('select email from users')).rows[0]?.email).toBe('a')
  client.close()
})

test('--yes asks nothing and allows nothing more', async () => {
  await tiny.wanted('create table users (id integer primary key, email text)')
  const refused = apply('--yes')
  expect(await refused.ended).toBe(1)
  expect(refused.screen()).toContain('STK6008')
  expect(await apply('--yes', '--allow-drop', 'column:users.old').ended).toBe(0)
  expect(await tiny.columns()).toEqual(['id', 'email'])
})

test('--no-wait leaves while somebody else is changing the database', async () => {
  await tiny.wanted('create table users (id integer primary key, old text, email text)')
  const client = tiny.client()
  const other = await client.transaction('write')
  const left = await tiny.stk('schema', 'apply', '--yes', '--no-wait')
  expect(left).toMatchObject({ code: 1, out: expect.stringContaining('STK6010') })
  other.close()
  client.close()
  expect(await tiny.stk('schema', 'apply', '--yes', '--no-wait')).toMatchObject({ code: 0 })
  expect(await tiny.columns()).toEqual(['id', 'old', 'email'])
})
