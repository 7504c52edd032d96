import { expect, test } from 'vitest'
import { compileSql } from './compile.ts'
import { locate, type Spot } from './locate.ts'
import type { Dialect } from './sql/lexer.ts'

/** What is marked in a file, and the line it stands in. */
function marked(text: string, dialect: Dialect, spot: Spot | ((compiled: string) => Spot)): string | undefined {
  const source = { path: 'a/b', source: 'logic/a/b.sql', displayFile: 'logic/a/b.sql', private: false, text }
  const entry = compileSql(source, { databases: { main: { driver: dialect } } })
  const place = locate(text, entry, dialect, typeof spot === 'function' ? spot(entry.text) : spot)
  return place === undefined ? undefined : `${text.slice(0, place.start).split(/\r\n|\n/).length}: ${text.slice(place.start, place.end)}`
}

const at = (what: string) => (compiled: string): Spot => ({ offset: compiled.indexOf(what) })

const FILE = `---
params: { a: int, limit: int }
---

-- größe 🙂 :a
select:a as id, u.nmae
from users u
where u.id >:auth.claims."x"
limit :limit;
`

test('an offset into what was compiled leads to its token in the file, past parameters of another length', () => {
  expect(marked(FILE, 'pg', at('nmae'))).toBe('6: nmae')
  expect(marked(FILE, 'pg', at('users'))).toBe('7: users')
  expect(marked(FILE, 'pg', at('$1'))).toBe('6: :a')
  expect(marked(FILE, 'pg', at('$2'))).toBe('8: :auth.claims."x"')
  expect(marked(FILE, 'pg', at('limit'))).toBe('9: limit')
  expect(marked(FILE.replaceAll('\n', '\r\n'), 'pg', at('users'))).toBe('7: users')
  expect(marked(FILE, 'pg', { offset: 10_000 })).toBe('9: :limit')
})

test('a name leads to the first place that has it, with what it is qualified by', () => {
  const two = 'select o.nmae, u.nmae, "weird" from a o, b u'
  expect(marked(`\n${two}`, 'libsql', { name: 'u.nmae' })).toBe('2: nmae')
  expect(marked(two, 'libsql', { name: 'WEIRD' })).toBe('1: "weird"')
  const source = { path: 'a/b', source: 'logic/a/b.sql', displayFile: 'b.sql', private: false, text: two }
  const entry = compileSql(source, { databases: { main: { driver: 'libsql' } } })
  expect(locate(two, entry, 'libsql', { name: 'u.nmae' })?.start).toBe(two.lastIndexOf('nmae'))
})

test('a token that is there twice, or nothing at all, leads to the statement', () => {
  expect(marked('-- a\nselect a form b', 'libsql', { token: 'b' })).toBe('2: b')
  expect(marked('-- a\nselect a, from, b', 'libsql', { token: ',' })).toBe('2: select')
  expect(marked('-- a\nselect a', 'libsql', { name: 'nowhere' })).toBe('2: select')
})

test('a file that has been saved since is not searched', () => {
  const source = { path: 'a/b', source: 'logic/a/b.sql', displayFile: 'b.sql', private: false, text: 'select 1' }
  const entry = compileSql(source, { databases: { main: { driver: 'pg' } } })
  expect(locate('select 2', entry, 'pg', { offset: 0 })).toBeUndefined()
  expect(locate('---\n', entry, 'pg', { offset: 0 })).toBeUndefined()
})
