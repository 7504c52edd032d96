import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { StkError } from '@santokit/core'
import { z } from 'zod'

/** An installed wrangler. */
export interface WranglerProgram {
  readonly version: string
  /** What Node runs. Absolute. */
  readonly script: string
}

/** The oldest wrangler that this plugin is made for, and the first major version it is not. */
const FROM = [4, 86, 0] as const
const BELOW = 5

const manifest = z.object({
  version: z.string(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]),
  engines: z.object({ node: z.string().optional() }).optional(),
})

/**
 * The wrangler of the project, else the one beside this plugin.
 *
 * @param node the running Node's version.
 * @throws StkError STK4201 if there is none, it is another version than this plugin is made for, or Node is too old for it.
 */
export function findWrangler(root: string, node: string = process.versions.node): WranglerProgram {
  const file = [join(root, 'package.json'), import.meta.url].map(resolveFrom).find((each) => each !== undefined)
  if (file === undefined) {
    throw new StkError('STK4201', {
      why: 'wrangler is not installed, and uploads go through it.',
      fix: `npm install --save-dev wrangler@${Number.parseInt(node, 10) < 22 ? FROM.join('.') : '4'}`,
    })
  }
  const { version, bin, engines } = manifest.parse(JSON.parse(readFileSync(file, 'utf8')))
  const parts = numbers(version)
  if (isBefore(parts, FROM) || (parts[0] ?? 0) >= BELOW) {
    throw new StkError('STK4201', {
      why: `wrangler ${version} is installed; this plugin is made for ${FROM.join('.')} or later, below ${BELOW}.`,
      fix: `npm install --save-dev wrangler@${Number.parseInt(node, 10) < 22 ? FROM.join('.') : '4'}`,
    })
  }
  const least = /^>=\s*(\d+(?:\.\d+)*)/.exec(engines?.node ?? '')?.[1]
  if (least !== undefined && isBefore(numbers(node), numbers(least))) {
    throw new StkError('STK4201', {
      why: `wrangler ${version} needs Node ${least} or newer, and this is Node ${node}.`,
      fix: ['Run stk with a newer Node.', `Or, for Node 20: npm install --save-dev wrangler@${FROM.join('.')}`],
    })
  }
  const script = typeof bin === 'string' ? bin : bin.wrangler
  if (script === undefined) throw new StkError('STK4201', { why: `wrangler ${version} has no program of that name.`, fix: 'npm install' })
  return { version, script: join(dirname(file), script) }
}

function resolveFrom(place: string): string | undefined {
  try {
    return createRequire(place).resolve('wrangler/package.json')
  } catch {
    return undefined
  }
}

function numbers(version: string): readonly number[] {
  return version.split('-')[0]?.split('.').map(Number) ?? []
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const at = [0, 1, 2].find((index) => (a[index] ?? 0) !== (b[index] ?? 0))
  return at !== undefined && (a[at] ?? 0) < (b[at] ?? 0)
}
