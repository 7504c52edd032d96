import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Schema } from '../logic.ts'
import { checkWithSchema } from './schema.ts'

test('a schema gives its parsed value, or every issue with its path', async () => {
  const schema = z.object({ id: z.coerce.number(), tags: z.array(z.string()) }) as Schema
  expect(await checkWithSchema(schema, { id: '5', tags: ['a'] })).toEqual({ ok: true, value: { id: 5, tags: ['a'] } })
  const checked = await checkWithSchema(schema, { id: 'x', tags: ['a', 1] })
  expect(checked.ok ? [] : checked.issues.map(({ path, code }) => [path, code])).toEqual([['id', 'invalid'], ['tags.1', 'invalid']])
})

test('a schema may take its time, and one that throws rejects', async () => {
  const slow = z.string().refine(async (text) => text === 'yes') as unknown as Schema
  expect(await checkWithSchema(slow, 'yes')).toEqual({ ok: true, value: 'yes' })
  expect((await checkWithSchema(slow, 'no')).ok).toBe(false)
  const broken: Schema = { '~standard': { version: 1, vendor: 'test', validate: () => { throw new Error('broken') } } }
  await expect(checkWithSchema(broken, {})).rejects.toThrow('broken')
})
