import type { SqlLogicEntry } from '@santokit/bridge/manifest'
import { describe, expect, test } from 'vitest'
import { isStkError, type StkError } from '../diagnostics/index.ts'
import { compileSql, type CompileScope, type SqlSource } from './compile.ts'

const PG: CompileScope = { databases: { main: { driver: 'pg' } } }

function source(text: string, twin?: string): SqlSource {
  return {
    path: 'orders/list',
    source: 'logic/orders/list.sql',
    displayFile: 'projects/shop/logic/orders/list.sql',
    text,
    private: false,
    ...(twin === undefined ? {} : { twin: { displayFile: 'projects/shop/logic/orders/list.yaml', text: twin } }),
  }
}

function compile(text: string, scope = PG, twin?: string): SqlLogicEntry {
  return compileSql(source(text, twin), scope)
}

function errorsOf(text: string, scope = PG, twin?: string): readonly StkError[] {
  try {
    compile(text, scope, twin)
  } catch (error) {
    if (!isStkError(error)) throw error
    return [error, ...(error.details.others ?? [])]
  }
  return []
}

/** `code line:column "what is underlined"`, a line for each problem. */
function found(text: string, scope = PG, twin?: string): readonly string[] {
  return errorsOf(text, scope, twin).map(({ code, details: { where } }) => {
    const line = (where?.text ?? '').split(/\r\n|\n|\r/)[(where?.line ?? 1) - 1] ?? ''
    const column = where?.column ?? 1
    return `${code} ${where?.line}:${column} ${JSON.stringify(line.slice(column - 1, column - 1 + (where?.length ?? 0)))}`
  })
}

const LIST = `---
access: authenticated            # public | authenticated | [role, …]
database: main
params:
  status: { type: string, enum: [open, paid] }
  limit:  { type: int, default: 20, max: 100 }
returns: rows
---
select id, total from orders
where user_id = :auth.sub and (:status::text is null or status = :status) order by id desc limit :limit
`

test('a logic becomes an entry of the manifest', () => {
  expect(compile(LIST)).toStrictEqual({
    kind: 'sql',
    access: 'authenticated',
    private: false,
    source: 'logic/orders/list.sql',
    params: {
      type: 'object',
      properties: { status: { type: 'string', enum: ['open', 'paid'] }, limit: { type: 'integer', maximum: 100, default: 20 } },
      required: ['status'],
      additionalProperties: false,
    },
    returns: { type: 'array', items: { type: 'object' } },
    database: 'main',
    text: 'select id, total from orders\nwhere user_id = $1 and ($2::text is null or status = $2) order by id desc limit $3',
    bindings: [{ from: 'auth', path: ['sub'] }, { from: 'param', name: 'status' }, { from: 'param', name: 'limit' }],
    inputs: [
      { name: 'status', type: 'string', array: false, required: true, enum: ['open', 'paid'] },
      { name: 'limit', type: 'int', array: false, required: false, default: 20, max: 100 },
    ],
    result: 'rows',
    readOnly: true,
  })
})

test('without front matter everything is as usual', () => {
  expect(compile('select 1')).toStrictEqual({
    kind: 'sql', access: 'authenticated', private: false, source: 'logic/orders/list.sql', database: 'main', text: 'select 1', bindings: [],
    inputs: [], params: { type: 'object', properties: {}, additionalProperties: false }, returns: { type: 'array', items: { type: 'object' } },
    result: 'rows', readOnly: true,
  })
})

describe('front matter', () => {
  const plain = compile('---\naccess: public\nparams:\n  id: int\n---\nselect :id::int')

  test.each([
    ['in a comment', '/* ---\naccess: public\nparams:\n  id: int\n--- */\nselect :id::int'],
    ['in a comment, fences on lines of their own', '/*\n---\naccess: public\nparams:\n  id: int\n---\n*/\nselect :id::int'],
    ['in a comment, indented', '/* ---\n   access: public\n   params: { id: int }\n   --- */\nselect :id::int'],
    ['in a comment of one line', '/* --- { access: public, params: { id: int } } --- */ select :id::int'],
    ['with Windows lines', '---\r\naccess: public\r\nparams:\r\n  id: int\r\n---\r\nselect :id::int\r\n'],
    ['behind a byte order mark', '\uFEFF---\naccess: public\nparams:\n  id: int\n---\nselect :id::int'],
    ['behind empty lines', '\n\n---\naccess: public\nparams:\n  id: int\n---\n\n\nselect :id::int'],
    ['with blanks behind the fences', '---  \naccess: public\nparams:\n  id: int\n---\t\nselect :id::int'],
  ])('%s', (_, text) => {
    expect(compile(text)).toStrictEqual(plain)
  })

  test('in a twin', () => {
    expect(compile('select :id::int', PG, 'access: public\nparams:\n  id: int\n')).toStrictEqual(plain)
    expect(compile('select :id::int', PG, '\uFEFF---\r\naccess: public\r\nparams: { id: int }\r\n')).toStrictEqual(plain)
  })

  test('may be empty', () => {
    expect(compile('---\n---\nselect 1')).toStrictEqual(compile('select 1'))
    expect(compile('select 1', PG, '# nothing yet\n')).toStrictEqual(compile('select 1'))
  })

  test.each([
    ['---\naccess: public\nselect 1', ['STK2001 1:1 "---"']],
    ['/* ---\naccess: public\n*/ select 1', ['STK2001 1:4 "---"']],
    ['-- orders\n---\naccess: public\n---\nselect 1', ['STK2001 2:1 "---"']],
    ['/* orders */\n/* ---\naccess: public\n--- */\nselect 1', ['STK2001 2:1 "/* ---"']],
    ['---\naccess: public\n---\n---\nparams: {}\n---\nselect 1', ['STK2001 4:1 "---"']],
    ['---\naccess: [public\n---\nselect :x', ['STK2001 2:16 ""']],
    ['---\naccess: public\naccess: public\n---\nselect 1', ['STK2001 3:1 "a"']],
    ['---\nparams:\n  id: int\n  id: int\n---\nselect :id', ['STK2001 4:3 "i"']],
    ['---\nacess: public\n---\nselect 1', ['STK2001 2:1 "acess"']],
    ['---\njust text\n---\nselect :x', ['STK2001 2:1 "just text"']],
    ['---\n- a\n- b\n---\nselect 1', ['STK2001 2:1 "- a"']],
    ['---\naccess: &a public\ndescription: *a\n---\nselect 1', ['STK2001 3:14 "*a"']],
    ['---\naccess: !role public\n---\nselect 1', ['STK2001 2:9 "!role"']],
    ['---\r\naccess: public\r\nreturn: row\r\n---\r\nselect 1', ['STK2001 3:1 "return"']],
    ['\uFEFF---\naccess: pubic\n---\nselect 1', ['STK2001 2:9 "pubic"']],
    ['---\naccess: public\n<<: { database: main }\n---\nselect 1', ['STK2001 3:1 "<<"']],
  ])('%j is refused', (text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  test.each([
    ['access:', 'access'], ['access: true', 'true'], ['access: []', '[]'], ['access: [public]', '[public]'], ['access: [a, a]', '[a, a]'],
    ['access: [1]', '[1]'], ['access: [" "]', '[" "]'], ['access: admin', 'admin'], ['access: { role: a }', '{ role: a }'],
    ['returns: row!', 'row!'], ['returns: [rows]', '[rows]'], ['database: 1', '1'], ['description: ""', '""'],
    ['timeout: 0', '0'], ['timeout: 5 sec', '5 sec'], ['timeout: -1', '-1'], ['cache: soon', 'soon'], ['cache: 0s', '0s'], ['cache: true', 'true'],
    ['cache: { staleWhileRevalidate: 5s }', '{ staleWhileRevalidate: 5s }'], ['cache: { ttl: 5s, swr: 5s }', 'swr'],
    ['cache: { ttl: 5s, staleWhileRevalidate: x }', 'x'],
  ])('%s is refused', (line, place) => {
    const rest = line.startsWith('cache') ? '\naccess: public' : ''
    const underlined = found(`---\n${line}${rest}\n---\nselect 1`)
    expect(underlined).toEqual([`STK2001 2:${line.lastIndexOf(place) + 1} ${JSON.stringify(place)}`])
  })

  test('a file and its twin do not both speak', () => {
    expect(found('---\naccess: public\n---\nselect 1', PG, 'access: public\n')).toEqual(['STK2001 1:1 "---"'])
  })

  test('a problem in a twin is shown in the twin', () => {
    const [error] = errorsOf('select 1', PG, '# twin\nparams:\n  id: integer\n')
    expect(error?.details.where).toMatchObject({ file: 'projects/shop/logic/orders/list.yaml', line: 3, column: 7, length: 7 })
    expect(error?.details.fix).toBe('Write `int`.')
  })

  test('near names are suggested', () => {
    const [unknownKey, unknownAccess] = errorsOf('---\nacess: public\naccess: autenticated\n---\nselect 1')
    expect(unknownKey?.details.why).toContain('Did you mean "access"?')
    expect(unknownAccess?.details.fix).toBe('Write `access: authenticated`.')
    expect(errorsOf('---\naccess: admin\n---\nselect 1')[0]?.details.fix).toBe('For a role, write `access: [admin]`.')
  })

  test('its keys reach the manifest', () => {
    const entry = compile('---\naccess: [admin, clerk]\nreturns: row?\ntimeout: 5s\ndescription: >\n  One\n  order.\n---\nselect 1')
    expect(entry).toMatchObject({ access: ['admin', 'clerk'], result: 'row?', timeout: 5000, description: 'One order.\n' })
    expect(entry.returns).toEqual({ type: ['object', 'null'] })
    const cached = compile('---\naccess: public\ncache: { ttl: 30s, staleWhileRevalidate: 1m }\n---\nselect 1')
    expect(cached.cache).toEqual({ ttl: 30_000, staleWhileRevalidate: 60_000 })
    expect(compile('---\naccess: public\ncache: 1500\n---\nselect 1').cache).toEqual({ ttl: 1500 })
  })

  test.each([
    ['rows', { type: 'array', items: { type: 'object' } }], ['row', { type: 'object' }], ['value', {}], ['affected', { type: 'integer' }],
  ])('returns: %s', (result, schema) => {
    expect(compile(`---\nreturns: ${result}\n---\nselect 1`)).toMatchObject({ result, returns: schema })
  })
})

describe('the database', () => {
  const two: CompileScope = { databases: { store: { driver: 'pg' }, edge: { driver: 'libsql' } } }

  test('is main, or the only one, or the one that is named', () => {
    expect(compile('select 1', { databases: { edge: { driver: 'libsql' }, main: { driver: 'pg' } } }).database).toBe('main')
    expect(compile('---\nparams: { a: int }\n---\nselect :a', { databases: { edge: { driver: 'libsql' } } })).toMatchObject({ database: 'edge', text: 'select ?1' })
    expect(compile('---\ndatabase: edge\nparams: { a: int }\n---\nselect :a', two)).toMatchObject({ database: 'edge', text: 'select ?1' })
    expect(compile('---\ntarget: store\nparams: { a: int }\n---\nselect :a', two)).toMatchObject({ database: 'store', text: 'select $1' })
  })

  test.each([
    ['select 1', two, ['STK2004 1:1 "s"'], 'There is: store, edge.'],
    ['---\ndatabase: stoer\n---\nselect 1', two, ['STK2004 2:11 "stoer"'], 'Did you mean "store"?'],
    ['---\ntarget: constructor\n---\nselect 1', two, ['STK2004 2:9 "constructor"'], 'There is: store, edge.'],
    ['select 1', { databases: {} }, ['STK2004 1:1 "s"'], 'no database'],
    ['---\ntarget: store\ndatabase: store\n---\nselect 1', two, ['STK2001 2:1 "target"'], '`target` means `database`'],
  ])('%j', (text, scope, expected, why) => {
    expect(found(text, scope)).toEqual(expected)
    expect(errorsOf(text, scope)[0]?.details.why).toContain(why)
  })
})

describe('parameters and their declarations', () => {
  test('an undeclared one is shown at its place', () => {
    const text = '---\nparams:\n  status: string\n---\nselect 1\nwhere a = :stauts and b = :status'
    expect(found(text)).toEqual(['STK2002 6:11 ":stauts"'])
    expect(errorsOf(text)[0]?.details.why).toContain('Did you mean ":status"?')
  })

  test('an unused one is shown at its declaration', () => {
    expect(found('---\nparams:\n  a: int\n  b: int\n---\nselect :a::int')).toEqual(['STK2003 4:3 "b"'])
    expect(found('select 1', PG, 'params: { a: int }')).toEqual(['STK2003 1:11 "a"'])
  })

  test('one that only stands in a string is unused, and the message says why', () => {
    const [error] = errorsOf("---\nparams: { q: string }\n---\nselect * from users where name like '%:q%'")
    expect(error?.code).toBe('STK2003')
    expect(error?.details.why).toContain('is text')
    expect(error?.details.fix).toContain("|| :q")
  })

  test('a declaration that is wrong still declares', () => {
    expect(found('---\nparams: { a: integer }\n---\nselect :a')).toEqual(['STK2011 2:14 "integer"'])
  })

  test('a bad name is not called unused as well', () => {
    expect(found('---\nparams: { "a (": int, auth: int }\n---\nselect 1')).toEqual(['STK2011 2:11 "\\"a (\\""', 'STK2011 2:23 "auth"'])
  })

  test('unreadable front matter raises no false alarms', () => {
    expect(found('---\nparams: { a: int\n---\nselect :a')).toHaveLength(1)
    expect(found('---\nparams: { a: int\n---\nselect :a')[0]).toContain('STK2001')
  })

  test('everything wrong is told at once, the first being thrown', () => {
    const text = '---\nacces: public\nreturns: none\nparams:\n  a: { type: int, min: 3, max: 1 }\n  b: int\n---\nselect :a, :c'
    expect(found(text)).toEqual([
      'STK2001 2:1 "acces"', 'STK2011 5:24 "3"', 'STK2001 3:10 "none"', 'STK2002 8:12 ":c"', 'STK2003 6:3 "b"',
    ])
  })

  test.each([
    ['select :auth', ['STK2002 1:8 ":auth"']],
    ['select :auth.email', ['STK2002 1:8 ":auth.email"']],
    ['select :auth.sub.x', ['STK2002 1:8 ":auth.sub.x"']],
    ['select :auth.claims', ['STK2002 1:8 ":auth.claims"']],
    ['select :auth.claims.', ['STK2002 1:8 ":auth.claims"']],
    ['select array[:ids]', ['STK2002 1:14 ":ids"']],
    ['select :größe', ['STK2002 1:8 ":größe"']],
    ['select $1', ['STK2010 1:8 "$1"']],
    ['select $id', ['STK2010 1:8 "$id"']],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual(expected)
  })
})

describe('the cache', () => {
  test.each([
    ['cache: 5s', 'select 1'],
    ['access: [admin]\ncache: 5s', 'select 1'],
    ['access: public\ncache: 5s', 'delete from orders'],
    ['access: public\ncache: 5s', 'with x as (insert into t values (1) returning 1) select * from x'],
    ['access: public\ncache: 5s', 'select id from orders for update'],
    ['access: public\ncache: 5s', 'select :auth.sub'],
  ])('is not for `%s` on %s', (head, sql) => {
    expect(found(`---\n${head}\n---\n${sql}`)).toEqual([`STK2012 ${head.split('\n').length + 1}:8 "5s"`])
  })
})

describe('what comes back', () => {
  test.each(['row', 'row?', 'value'])('returns: %s needs a returning clause', (result) => {
    expect(found(`---\nreturns: ${result}\n---\ndelete from orders`)).toEqual([`STK2001 2:10 ${JSON.stringify(result)}`])
    expect(found(`---\nreturns: ${result}\n---\ndelete from orders returning id`)).toEqual([])
  })

  test('a change without it has no rows and says so or does not', () => {
    expect(compile('delete from orders').result).toBe('rows')
    expect(compile('---\nreturns: affected\n---\ndelete from orders').result).toBe('affected')
  })
})

test('a private logic is marked', () => {
  expect(compileSql({ ...source('select 1'), private: true }, PG).private).toBe(true)
})

test('the same file gives the same entry', () => {
  expect(JSON.stringify(compile(LIST))).toBe(JSON.stringify(compile(LIST)))
})
