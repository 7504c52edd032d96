import { expect, test } from 'vitest'
import { checkout } from '../checkout.ts'
import { blocksOf, textOf } from './blocks.ts'

test('the project of the README compiles as it stands there', async () => {
  const repository = await checkout()
  const text = textOf('README.md')
  const files = blocksOf('README.md').flatMap(({ text: code, line }) => {
    // A block is the file that the line before it names.
    const [, file] = /^`([^`]+\.(?:ts|sql))`/.exec(text.split('\n').slice(0, line - 1).findLast((each) => each !== '') ?? '') ?? []
    return file === undefined ? [] : [[file, code] as const]
  })
  expect(files.map(([file]) => file)).toEqual(['santokit.config.ts', 'projects/shop/logic/orders/list.sql', 'projects/shop/logic/orders/refund.ts'])
  for (const [file, code] of files) await repository.write(file, `${code}\n`)
  expect(await repository.stk('bundle', '--json')).toMatchObject({ code: 0 })
  const { logic } = JSON.parse(await repository.read('dist/shop/manifest.json')) as { readonly logic: object }
  expect(Object.keys(logic)).toEqual(['orders/list', 'orders/refund'])
}, 120_000)

test('README.ko.md shows the same code, pictures and pages as README.md', () => {
  const codeOf = (page: string): readonly string[] => blocksOf(page).map(({ text }) => text.replaceAll(/ +# .*$/gm, ''))
  expect(codeOf('README.ko.md')).toEqual(codeOf('README.md'))
  const linksOf = (page: string): readonly string[] => [...textOf(page).matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link).filter((link) => !link.startsWith('README')).sort()
  expect(linksOf('README.ko.md')).toEqual(linksOf('README.md'))
})
