import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block of a page. */
export interface Block {
  /** From the root of the repository. */
  readonly page: string
  /** Of the fence, counted from 1. */
  readonly line: number
  /** What follows the fence: `ts`, `sh`; empty if nothing does. */
  readonly language: string
  /** What else stands there: `in="target"`. */
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  /** What an HTML comment before it says that it stands on; a reader does not see it. */
  readonly given: string
}

/** Every page that a person reads: the manual, and what stands beside the sources. */
export function pages(): readonly string[] {
  const manual = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md') && !path.startsWith('.vitepress'))
  const packages = ['packages', 'playground/plugins'].flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}/README.md`))
    .filter((page) => existsSync(join(ROOT, page)))
  const beside = ['README.md', 'README.ko.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'playground/README.md', 'playground/shop/README.md', 'playground/links/README.md', ...packages]
  return [...beside, ...manual.map((path) => `docs/${path.replaceAll('\\', '/')}`)].sort()
}

/** The text of a page. */
export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** The fenced blocks of a page, those of lists as well. */
export function blocksOf(page: string, text = textOf(page)): readonly Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  let given = ''
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.startsWith('<!-- given:')) {
      const end = lines.findIndex((each, index) => index >= at && each.includes('-->'))
      given = lines.slice(at, end + 1).join('\n').replace(/^<!-- given:/, '').replace('-->', '')
      at = end
      continue
    }
    const fence = /^( *)```(\S*) *(.*)$/.exec(line)
    if (fence === null) continue
    const [, indent = '', language = '', rest = ''] = fence
    const end = lines.findIndex((each, index) => index > at && each.trim() === '```')
    if (end === -1) throw new Error(`${page}:${at + 1}: a block without an end.`)
    blocks.push({
      page, line: at + 1, language, given,
      attributes: Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value])),
      text: lines.slice(at + 1, end).map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each)).join('\n'),
    })
    given = ''
    at = end
  }
  return blocks
}

/** Where a block is, as editors open it. */
export function placeOf({ page, line }: Block): string {
  return `${page}:${line}`
}
