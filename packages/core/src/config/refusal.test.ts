import { expect, test } from 'vitest'
import type { Layer } from './layers.ts'
import { invalid } from './refusal.ts'

const layer = { owner: 'santokit.config.ts', locate: () => ({ file: 'santokit.config.ts', line: 3, column: 5, text: "pasted: 'hunter2'" }) } as unknown as Layer

test.each([[['projects', 'shop', 'secrets', 'TOKEN']], [['projects', 'shop', 'databases', 'main', 'url']], [['projects', 'shop', 'databases', 'main', 'authToken']]])('%j is placed, and its line is not shown: a value may stand there', (path) => {
  const { details } = invalid(layer, path, 'is wrong')
  expect(details.where).toEqual({ file: 'santokit.config.ts', line: 3, column: 5 })
})

test('any other line is shown', () => {
  expect(invalid(layer, ['projects', 'shop', 'root'], 'is wrong').details.where).toMatchObject({ text: "pasted: 'hunter2'" })
})
