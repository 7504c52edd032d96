import { positionAt, type SourceLocation } from '../diagnostics/index.ts'
import type { ConfigPath } from './path.ts'

/**
 * Finds where a JavaScript, TypeScript or JSON text writes a path out as nested literals, for a person to jump to.
 *
 * @returns the place of the path's last key, or `undefined` unless there is exactly one such place: a wrong line is worse
 *   than none.
 */
export function locateInSource(file: string, text: string, path: ConfigPath): SourceLocation | undefined {
  const wanted = JSON.stringify(path)
  const found = keysOf(text)?.filter((key) => JSON.stringify(key.path) === wanted) ?? []
  const [only] = found
  if (only === undefined || found.length > 1) return undefined
  return { file, text, length: only.length, ...positionAt(text, only.offset) }
}

interface Key {
  readonly path: ConfigPath
  readonly offset: number
  readonly length: number
}

interface Frame {
  readonly closes: string
  /** What its parent calls it. */
  readonly name: string | number | undefined
  /** The key that is being given a value, or the position in a list. */
  key: string | number | undefined
}

const CLOSES: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }

/**
 * Every key written as `key:` with its path, or `undefined` if the brackets do not add up. Strings, templates and
 * comments are skipped; type annotations and the like give keys too, but hardly ones whose path is in a config.
 */
function keysOf(text: string): readonly Key[] | undefined {
  const keys: Key[] = []
  const frames: Frame[] = []
  for (const token of text.matchAll(TOKEN)) {
    const [source] = token
    const top = frames.at(-1)
    if (token.groups?.key !== undefined) {
      if (top?.closes !== '}') continue
      const written = token.groups.key
      top.key = /^['"]/.test(written) ? written.slice(1, -1) : written
      const path = [...frames.map((frame) => frame.name), top.key].filter((part) => part !== undefined)
      keys.push({ path, offset: token.index, length: written.length })
    } else if (source in CLOSES) {
      // A call's argument belongs to the key that the call is the value of.
      frames.push({ closes: CLOSES[source] ?? '', name: top?.key, key: source === '[' ? 0 : undefined })
      if (top?.closes === ')') top.key = undefined
    } else if (source === ',') {
      if (top?.closes === ']' && typeof top.key === 'number') top.key += 1
      else if (top !== undefined) top.key = undefined
    } else if ('}])'.includes(source) && frames.pop()?.closes !== source) return undefined
  }
  return frames.length === 0 ? keys : undefined
}

const TOKEN = new RegExp(
  [
    String.raw`//[^\n]*`,
    String.raw`/\*[^]*?\*/`,
    String.raw`(?<key>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|[\p{L}_$][\p{L}\p{N}_$]*)(?=\s*:)`,
    String.raw`'(?:[^'\\\n]|\\.)*'`,
    String.raw`"(?:[^"\\\n]|\\.)*"`,
    '`(?:[^`\\\\]|\\\\.)*`',
    String.raw`[\p{L}_$][\p{L}\p{N}_$]*`,
    String.raw`[{}()[\],]`,
  ].join('|'),
  'gu',
)
