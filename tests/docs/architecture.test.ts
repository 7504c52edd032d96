import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOMS, WALLS } from '../../eslint.config.js'
import { ROOT, textOf } from './blocks.ts'

const page = textOf('docs/architecture.md')

test('docs/architecture.md draws the rooms of core in the order that lint holds', () => {
  const [, drawing = ''] = /## The rooms of core[\s\S]*?```\n([\s\S]*?)```/.exec(page) ?? []
  const drawn = [...drawing.matchAll(/^ ([a-z-]+) /gm)].map(([, room = '']) => room)
  expect(drawn).toEqual(ROOMS.toReversed())
  expect(drawn.filter((room) => !existsSync(join(ROOT, 'packages/core/src', room)))).toEqual([])
})

test('its table says what packages may import, as lint holds it', () => {
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (.*?) \|/gm)].map(([, name = '', cell = '']) => [name, importsOf(cell)] as const)
  expect(Object.fromEntries(rows.filter(([name]) => name in WALLS))).toEqual(WALLS)
})

/** `@santokit/bridge`, `/manifest`: an entry stands behind its package. */
function importsOf(cell: string): readonly string[] {
  let owner = ''
  return [...cell.matchAll(/`(@santokit\/)?([^`]+)`/g)].map(([, scope, name = '']) => {
    if (scope === undefined) return `${owner}${name}`
    owner = name.split('/')[0] ?? ''
    return name
  })
}
