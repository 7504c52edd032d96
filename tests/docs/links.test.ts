import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { pages, ROOT, textOf } from './blocks.ts'

test('links inside the repository lead somewhere, their anchors too', () => {
  const dead = pages().flatMap((page) => linksOf(page).filter((link) => !leadsSomewhere(page, link)).map((link) => `${page}: ${link}`))
  expect(dead).toEqual([])
})

test('every page stands in the manual\'s sidebar, and what stands there is a page', () => {
  const listed = readFileSync(join(ROOT, 'docs/.vitepress/config.js'), 'utf8')
  const links = new Set([...listed.matchAll(/(?:, |link: )'(\/[\w/-]*)'/g)].map(([, link = '']) => (link.endsWith('/') ? `${link}index` : link)))
  expect([...links].filter((link) => !existsSync(join(ROOT, `docs${link}.md`)))).toEqual([])
  // A page of an error is found from the index of errors.
  const manual = pages().filter((page) => page.startsWith('docs/') && !/errors\/STK\d+\.md$/.test(page))
  expect(manual.filter((page) => !links.has(page.replace(/^docs|\.md$/g, '')))).toEqual([])
})

/** Targets of links and images that are no addresses. */
function linksOf(page: string): readonly string[] {
  const text = textOf(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, link = '']) => link)
  return links.filter((link) => !/^[a-z]+:/.test(link))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  const file = join(ROOT, target)
  if (!existsSync(file)) return false
  if (anchor === undefined || statSync(file).isDirectory()) return true
  return anchorsOf(target).has(anchor)
}

/** What GitHub and VitePress both make of plain headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  return new Set([...textOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s+/g, '-')))
}
