import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorOf, load, writeFiles, writeFolder } from './fixture.ts'

const CONFIG = (timeout: string, more = ''): string => `
import { z } from 'zod'
const target = { type: 'place', options: z.looseObject({}), package: () => {}, plan: () => {}, release: () => {} }
export default {
  plugins: [{ name: 'place', targets: [target] }],
  projects: { shop: {
    limits: { timeout: '${timeout}' },
    targets: { here: { type: 'place', token: 'planted-token', when: new Date(0) }, place: { port: 1 } },
  } },
  ${more}
}`

function keptFiles(folder: string): readonly string[] {
  const place = join(folder, 'node_modules/.cache/santokit/jiti')
  return readdirSync(place).filter((name) => name.startsWith('checked-')).map((name) => join(place, name))
}

test('a checked config is the same the second time, and follows what is written', async () => {
  const folder = writeFolder({ 'santokit.config.ts': CONFIG('5s'), 'projects/shop/': '' })
  const first = (await load(folder)).config
  expect(keptFiles(folder)).toHaveLength(1)
  const second = (await load(folder)).config
  expect(second.projects).toEqual(first.projects)
  expect(second.projects[0]?.targets).toMatchObject([{ name: 'here', options: { token: 'planted-token', when: new Date(0) } }, { name: 'place', options: { port: 1 } }])
  writeFiles(folder, { 'santokit.config.ts': CONFIG('6s').replace('port: 1', 'port: 2') })
  const third = (await load(folder)).config
  expect(third.projects[0]).toMatchObject({ limits: { timeout: 6000 }, targets: [{}, { options: { port: 2 } }] })
  expect(keptFiles(folder)).toHaveLength(1)
})

test('what is kept holds no option of a target, and nothing that is wrong', async () => {
  const folder = writeFolder({ 'santokit.config.ts': CONFIG('5s'), 'projects/shop/': '' })
  await load(folder)
  for (const file of keptFiles(folder)) expect(readFileSync(file, 'utf8')).not.toMatch(/planted|port/)
  writeFiles(folder, { 'santokit.config.ts': CONFIG('soon') })
  for (const _ of [1, 2]) expect(await errorOf(load(folder))).toMatchObject({ code: 'STK1003', details: { configPath: 'projects.shop.limits.timeout' } })
})

test('what is kept is believed only whole', async () => {
  const folder = writeFolder({ 'santokit.config.ts': CONFIG('5s'), 'projects/shop/': '' })
  await load(folder)
  const [file = ''] = keptFiles(folder)
  const kept = readFileSync(file, 'utf8')
  for (const spoilt of [kept.replace('5000', '50'), kept.slice(0, -9), '', kept.replace(/"key":"sha256:..../, '"key":"sha256:0000')]) {
    writeFileSync(file, spoilt)
    expect((await load(folder)).config.projects[0]?.limits.timeout).toBe(5000)
  }
})

test('environments are kept apart', async () => {
  const folder = writeFolder({ 'santokit.config.ts': CONFIG('5s', "environments: { staging: { projects: { shop: { limits: { timeout: '7s' } } } } }"), 'projects/shop/': '' })
  for (const [environment, timeout] of [['production', 5000], ['staging', 7000], ['production', 5000], ['staging', 7000]] as const) {
    expect((await load(folder, { environment })).config.projects[0]?.limits.timeout).toBe(timeout)
  }
  expect(keptFiles(folder)).toHaveLength(2)
})
