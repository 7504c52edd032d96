import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeBase } from '../../packages/plugin-image/test/base.ts'
import { startRegistry } from '../../packages/plugin-image/test/registry/registry.ts'
import { checkout, type Ran } from '../checkout.ts'
import { blocksOf, textOf } from './blocks.ts'

/** The project as it stands in the README: each block is the file that the line before it names. */
function projectFiles(): readonly (readonly [string, string])[] {
  const text = textOf('README.md')
  return blocksOf('README.md').flatMap(({ text: code, line }) => {
    const [, file] = /^`([^`]+\.(?:ts|sql))`/.exec(text.split('\n').slice(0, line - 1).findLast((each) => each !== '') ?? '') ?? []
    return file === undefined ? [] : [[file, code] as const]
  })
}

test('the project of the README compiles as it stands there', async () => {
  const repository = await checkout()
  const files = projectFiles()
  expect(files.map(([file]) => file)).toEqual(['santokit.config.ts', 'projects/shop/logic/orders/list.sql', 'projects/shop/logic/orders/refund.ts'])
  for (const [file, code] of files) await repository.write(file, `${code}\n`)
  expect(await repository.stk('bundle', '--json')).toMatchObject({ code: 0 })
  const { logic } = JSON.parse(await repository.read('dist/shop/manifest.json')) as { readonly logic: object }
  expect(Object.keys(logic)).toEqual(['orders/list', 'orders/refund'])
}, 120_000)

test('the release of the README is what stk prints when its logic has changed', async () => {
  const registry = await startRegistry()
  onTestFinished(() => registry.close())
  const repository = await checkout()
  for (const [file, code] of projectFiles()) await repository.write(file, `${code.replace("'ghcr.io/acme/shop'", `'${registry.host}/acme/shop', base: 'oci:base'`)}\n`)
  await writeBase(join(repository.root, 'base'))
  const release = (): Promise<Ran> => repository.spawnStk(['release', '--yes'], { SANTOKIT_CACHE: join(repository.root, '.santokit/images') }).ended
  expect(await release()).toMatchObject({ code: 0 })
  const refund = 'projects/shop/logic/orders/refund.ts'
  await repository.write(refund, (await repository.read(refund)).replace('refunded: true', 'refunded: 1'))
  const shown = blocksOf('README.md').find(({ text }) => text.startsWith('$ npx stk release\n'))?.text.replace(/^.*\n/, '') ?? ''
  expect(shapeOf((await release()).stdout)).toBe(shapeOf(shown))
  const [, digest] = /sha256:([0-9a-f]{12})…/.exec(shown) ?? []
  expect(shown).toContain(`-${digest} → production`)
}, 120_000)

/** What a release prints, but for digests, sizes and times. */
function shapeOf(output: string): string {
  return output.trim().replaceAll(/[0-9a-f]{12}/g, 'DIGEST').replaceAll(/[\d.]+ [kKM]?B\b/g, 'SIZE').replaceAll(/[\d.]+ m?s\b/g, 'TIME')
}

test('README.ko.md shows the same code, pictures and pages as README.md', () => {
  const codeOf = (page: string): readonly string[] => blocksOf(page).map(({ text }) => text.replaceAll(/ +# .*$/gm, ''))
  expect(codeOf('README.ko.md')).toEqual(codeOf('README.md'))
  const linksOf = (page: string): readonly string[] => [...textOf(page).matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link).filter((link) => !link.startsWith('README')).sort()
  expect(linksOf('README.ko.md')).toEqual(linksOf('README.md'))
})
