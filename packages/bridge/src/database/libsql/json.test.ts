import { createClient } from '@libsql/client/sqlite3'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { SqlResult } from '../../manifest/format.ts'
import { shapeAnswer } from '../answer.ts'
import { toAnswer } from './answer.ts'
import { toJson } from './json.ts'

const client = createClient({ url: ':memory:', intMode: 'bigint' })
afterAll(() => client.close())

test('JSON that is written from rows is that of the rows', async () => {
  const value = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
    fc.uint8Array(), fc.constant(null),
  )
  const shapes = fc.constantFrom<SqlResult>('rows', 'row', 'row?', 'value', 'affected')
  const name = fc.constantFrom('a', 'b', '"', 'ü', '__proto__')
  await fc.assert(fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 4 }), fc.array(name, { minLength: 4, maxLength: 4 }), fc.nat(2), shapes, async (values, names, count, shape) => {
    const columns = values.map((_, at) => `?${at + 1} as "${names[at]?.replaceAll('"', '""')}"`).join(', ')
    const result = await client.execute({ sql: `select ${columns} from (select 1 as n union all select 2) limit ${count}`, args: values as never[] })
    const shaped = ((): unknown => { try { return shapeAnswer(toAnswer(result), shape) } catch (error) { return String(error) } })()
    const written = ((): unknown => { try { return toJson(result, shape) } catch (error) { return String(error) } })()
    if (typeof shaped === 'string' && shaped.startsWith('DatabaseError')) expect(written).toMatch(/^DatabaseError/)
    else expect(JSON.parse(String(written))).toEqual(JSON.parse(JSON.stringify(shaped)))
  }), { numRuns: 300 })
})
