import { expect, test } from 'vitest'
import { projectFile } from './project-file.ts'

test('URLs are left to the environment', () => {
  expect(projectFile({ schemas: ['public'], exclude: [['public', 'audit log']] })).toBe(`env "stk" {
  url = getenv("STK_ATLAS_FROM")
  src = getenv("STK_ATLAS_TO")
  schemas = ["public"]
  exclude = ["public.audit log"]
}
`)
})

test('a name cannot leave its string, its list or its pattern', () => {
  const file = projectFile({ schemas: ['a","b', '${getenv("HOME")}'], exclude: [['s', 'a.b'], ['s', 'a*']] }, ['file:///x,y'])
  expect(file).toContain('schemas = ["\\"a\\"\\",\\"\\"b\\"", "\\"$${getenv(\\"\\"HOME\\"\\")}\\""]')
  expect(file).toContain('exclude = ["\\"s.\\"\\"a.b\\"\\"\\"", "s.a\\\\*"]')
  expect(file).toContain('src = ["\\"file:///x,y\\""]')
})
