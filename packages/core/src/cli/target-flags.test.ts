import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ResolvedConfig } from '../config/resolved.ts'
import { defineTarget, type Target } from '../plugin/contract.ts'
import { createPluginHost } from '../plugin/index.ts'
import { verbHelp } from './help.ts'
import { chooseTargets, flagsOf, readTargetFlags } from './target-flags.ts'
import { defineVerb, parseVerb, TARGET_OPTIONS, type Verb } from './verb.ts'

const never = (): never => { throw new Error('not called') }

function target(type: string, flags?: Target<unknown>['flags']): Target<unknown> {
  return defineTarget({ type, options: z.unknown(), package: never, plan: never, release: never, ...(flags === undefined ? {} : { flags }) })
}

const host = createPluginHost([{
  name: 'both',
  targets: [target('image', { tag: { type: 'string', value: 'TAG', summary: 'The tag' }, offline: { type: 'boolean', summary: 'Asks nobody' } }), target('plain')],
}])

const project = (name: string, ...types: readonly string[]) => ({ name, targets: types.map((type) => ({ name: type, type })) })
const source = { host, config: { projects: [project('shop', 'image', 'plain'), project('links', 'plain')] } as unknown as ResolvedConfig }

const verb = defineVerb({
  name: 'deploy', summary: 'Deploys', positionals: 'TARGET', takesTargetFlags: true, options: { ...TARGET_OPTIONS, yes: { type: 'boolean', summary: 'Yes' } }, examples: [], run: never,
}) as unknown as Verb

test('flags of targets are read wherever they stand, and the verb keeps its own', () => {
  expect(readTargetFlags(verb, ['--tag', 'v1', 'image', '--yes', '--offline'], source, [])).toEqual({ positionals: ['image'], flags: { tag: 'v1', offline: true } })
  expect(readTargetFlags(verb, ['image', '--tag=v1'], source, [])).toEqual({ positionals: ['image'], flags: { tag: 'v1' } })
  expect(readTargetFlags(verb, ['image', '--yes'], source, [])).toEqual({ positionals: ['image'], flags: {} })
})

test('before the config is loaded the verb\'s own options are read past the unknown ones', () => {
  const { options } = parseVerb(verb, ['--tag', 'v1', 'image', '--project', 'shop', '--yes'])
  expect(options).toMatchObject({ project: ['shop'], yes: true })
})

test.each([
  [['image', '--tga', 'v1'], /no option --tga\. Did you mean --tag\?/],
  [['image', '--yse'], /Did you mean --yes\?/],
  [['image', '--tag'], /argument missing|value/i],
  [['image', '--offline=no'], /does not take an argument/],
])('%j is refused', (args, message) => {
  expect(() => readTargetFlags(verb, args, source, [])).toThrow(message)
})

test('a flag that only other projects\' targets have is unknown', () => {
  expect(() => readTargetFlags(verb, ['plain', '--tag', 'v1'], source, ['links'])).toThrow(/no option --tag/)
})

test('a flag must be one of a chosen target', () => {
  const choose = (targets: readonly string[]) => chooseTargets(source, { projects: [], targets, flags: { tag: 'v1' } })
  expect(choose(['image']).map(({ project: { name }, target: { type } }) => [name, type])).toEqual([['shop', 'image']])
  expect(choose([])).toHaveLength(3)
  expect(() => choose(['plain'])).toThrow(/STK1020 --tag is not a flag of target "plain"/)
})

test('help lists the flags of the target that is named, and else says how to see them', () => {
  expect(verbHelp(verb, { target: 'image', flags: flagsOf(['image'], host) })).toMatch(/Flags of target "image"\n\s+--tag TAG\s+The tag\n\s+--offline\s+Asks nobody/)
  expect(verbHelp(verb)).toContain('stk deploy TARGET --help')
})
