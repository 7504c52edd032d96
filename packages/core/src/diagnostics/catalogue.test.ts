import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from './catalogue.ts'

const PAGES = fileURLToPath(new URL('../../../../docs/errors/', import.meta.url))
const codes = Object.keys(CATALOGUE) as (keyof typeof CATALOGUE)[]

test('there is a page for every code, and no other', async () => {
  // The index is written from the catalogue itself.
  expect((await readdir(PAGES)).filter((page) => page !== 'index.md').toSorted()).toEqual(codes.map((code) => `${code}.md`).toSorted())
})

describe.each(codes)('the page of %s', (code) => {
  const page = readFile(`${PAGES}${code}.md`, 'utf8').catch(() => '')

  test('has the title that the error shows', async () => {
    expect((await page).split('\n')[0]).toBe(`# ${code}: ${CATALOGUE[code].title}`)
  })

  test('says what it means, why it happens and how to fix it, with an example', async () => {
    const [meaning, ...sections] = (await page).split(/^## /m)
    expect(meaning?.split('\n').slice(1).join('').trim()).not.toBe('')
    expect(sections.map((section) => section.split('\n')[0])).toEqual(['Why it happens', 'How to fix it'])
    expect(sections.every((section) => section.split('\n').slice(1).join('').trim() !== '')).toBe(true)
    expect(sections[1]).toMatch(/```[\s\S]+```/)
  })
})

test('config and usage errors exit with 2, and no title repeats', () => {
  for (const code of codes.filter((each) => each.startsWith('STK1') && each !== 'STK1010')) expect(CATALOGUE[code].exit, code).toBe(2)
  const titles = codes.map((code) => CATALOGUE[code].title)
  expect(new Set(titles).size).toBe(titles.length)
})
