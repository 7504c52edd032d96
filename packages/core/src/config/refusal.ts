import { StkError, type SourceLocation, type StkErrorDetails } from '../diagnostics/index.ts'
import type { Layer } from './layers.ts'
import { formatPath, type ConfigPath } from './path.ts'

/**
 * An STK1003 about one path of a layer.
 *
 * @param problem goes on from `<path> in <owner>`: `must be a number; it is a string`.
 */
export function invalid(
  layer: Layer | undefined, path: ConfigPath, problem: string, fix?: string | readonly string[], more: Partial<StkErrorDetails> = {},
): StkError {
  const owner = layer?.owner ?? 'the config'
  const subject = path.length === 0 ? owner : `${formatPath(path)} in ${owner}`
  return new StkError('STK1003', {
    why: `${subject} ${problem}.`.replace(/([.?])\.$/, '$1'),
    fix,
    configPath: path.length === 0 ? undefined : formatPath(path),
    where: mayHoldSecret(path) ? withoutText(layer?.locate?.(path)) : layer?.locate?.(path),
    ...more,
  })
}

/** Where people paste a value although a reference or a secret's name belongs there: a frame would print it. */
function mayHoldSecret(path: ConfigPath): boolean {
  return path.some((part) => part === 'secrets' || part === 'url' || part === 'authToken')
}

function withoutText(where: SourceLocation | undefined): SourceLocation | undefined {
  if (where === undefined) return undefined
  const { text: _, ...place } = where
  return place
}
