import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { configSchema } from '../../packages/core/src/config/schema.ts'
import { compileSql } from '../../packages/core/src/logic/compile.ts'
import { blocksOf, pages, placeOf, textOf, type Block } from './blocks.ts'
import { commandProblem, commandsOf, mentionProblem } from './shell.ts'
import { typeErrors } from './typescript.ts'

const blocks = pages().flatMap((page) => blocksOf(page)).filter(({ attributes }) => attributes.ignore === undefined)
const written = (...languages: readonly string[]): readonly Block[] => blocks.filter(({ language }) => languages.includes(language))

test('every block is in a language that is checked, or is plain text', () => {
  const known = ['ts', 'sh', 'sql', 'yaml', 'json', 'text', '']
  expect(blocks.filter(({ language }) => !known.includes(language)).map((block) => `${placeOf(block)} ${block.language}`)).toEqual([])
})

test('TypeScript fits the types', () => {
  expect(typeErrors(written('ts'))).toEqual([])
}, 120_000)

test('every stk, npm and install command exists, in scripts, transcripts and workflows', async () => {
  const scripts = [
    ...written('sh').map((block) => [block, block.text] as const),
    // A transcript shows what a person typed behind `$`.
    ...written('', 'text').map((block) => [block, block.text.split('\n').filter((line) => line.startsWith('$ ')).join('\n')] as const),
    ...written('yaml').map((block) => [block, [...block.text.matchAll(/^\s*-? ?run: (.*)$/gm)].map(([, line = '']) => line).join('\n')] as const),
  ]
  const problems: string[] = []
  for (const [block, script] of scripts) {
    for (const command of commandsOf(script)) {
      const problem = await commandProblem(command)
      if (problem !== undefined) problems.push(`${placeOf(block)} ${command.join(' ')}: ${problem}`)
    }
  }
  expect(problems).toEqual([])
})

test('commands in running text exist, too', async () => {
  const problems: string[] = []
  for (const page of pages()) {
    // Verbs of a plugin that the page shows.
    const shown = [...textOf(page).matchAll(/\bcommands: \{\s*(\w+):/g)].map(([, verb]) => verb)
    for (const [, command = ''] of withoutBlocks(textOf(page)).matchAll(/`((?:npx )?stk [a-z][^`]*)`/g)) {
      if (shown.includes(commandsOf(command)[0]?.[1])) continue
      const problem = await mentionProblem(commandsOf(command)[0] ?? [])
      if (problem !== undefined) problems.push(`${page} ${command}: ${problem}`)
    }
  }
  expect(problems).toEqual([])
})

test('SQL with front matter compiles', () => {
  for (const block of written('sql')) {
    if (!/^(---|\/\* ---)$/m.test(block.text)) continue
    const scope = { databases: { main: { driver: 'pg' as const }, cache: { driver: 'libsql' as const } } }
    expect(() => compileSql({ path: 'a/b', source: 'logic/a/b.sql', displayFile: placeOf(block), text: block.text, private: false }, scope), placeOf(block)).not.toThrow()
  }
})

test('front matter on its own declares what a statement can use', () => {
  for (const block of written('yaml').filter(({ text }) => text.startsWith('params:'))) {
    const { params } = parse(block.text) as { readonly params: object }
    const text = `---\n${block.text}\n---\nselect ${Object.keys(params).map((name) => `:${name} as ${name}`).join(', ')}\n`
    expect(() => compileSql({ path: 'a/b', source: 'logic/a/b.sql', displayFile: placeOf(block), text, private: false }, { databases: { main: { driver: 'pg' } } }), placeOf(block)).not.toThrow()
  }
})

test('YAML is YAML, and what stands in config/ is a config', () => {
  for (const block of written('yaml')) {
    expect(parseAllDocuments(block.text).flatMap(({ errors }) => errors.map(({ message }) => message)), placeOf(block)).toEqual([])
    const setting = /config\/(\w+)\.yaml/.exec(block.text)?.[1]
    if (setting === undefined) continue
    const value: unknown = parse(block.text, (_, each: unknown) => (typeof each === 'string' && /^\$\{\w+\}$/.test(each) ? { secret: each.slice(2, -1) } : each))
    expect(configSchema.safeParse({ projects: { shop: { [setting]: value } } }).error?.issues ?? [], placeOf(block)).toEqual([])
  }
})

test('JSON is JSON', () => {
  for (const block of written('json')) expect(() => { JSON.parse(block.text) }, placeOf(block)).not.toThrow()
})

function withoutBlocks(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
}
