import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStkError } from '@santokit/core'
import { expect, onTestFinished, test } from 'vitest'
import { findWrangler } from './find.ts'

async function installed(manifest: object): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-wrangler-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'node_modules/wrangler'), { recursive: true })
  await writeFile(join(root, 'node_modules/wrangler/package.json'), JSON.stringify({ name: 'wrangler', bin: { wrangler: './bin/wrangler.js', wrangler2: './bin/wrangler.js' }, ...manifest }))
  return root
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isStkError(error)) return `${error.code} ${error.details.why} ${[error.details.fix].flat().join(' | ')}`
  }
  throw new Error('it must be refused')
}

test('takes the project\'s own', async () => {
  const root = await installed({ version: '4.123.0', engines: { node: '>=20.3.0' } })
  expect(findWrangler(root)).toEqual({ version: '4.123.0', script: join(root, 'node_modules/wrangler/bin/wrangler.js') })
})

test('takes the one beside the plugin where the project has none', () => {
  expect(findWrangler(tmpdir()).version).toBe('4.86.0')
})

test.each(['4.85.9', '3.114.0', '5.0.0'])('refuses wrangler %s', async (version) => {
  const root = await installed({ version })
  expect(refusal(() => findWrangler(root, '20.20.0'))).toBe(
    `STK4201 wrangler ${version} is installed; this plugin is made for 4.86.0 or later, below 5. npm install --save-dev wrangler@4.86.0`,
  )
  expect(refusal(() => findWrangler(root, '22.12.0'))).toMatch(/wrangler@4$/)
})

test('refuses a wrangler that this Node is too old for', async () => {
  const root = await installed({ version: '4.164.0', engines: { node: '>=22.12.0' } })
  expect(refusal(() => findWrangler(root, '20.20.0'))).toMatch(/^STK4201 wrangler 4\.164\.0 needs Node 22\.12\.0 or newer, and this is Node 20\.20\.0\./)
  expect(refusal(() => findWrangler(root, '22.11.0'))).toMatch(/needs Node 22\.12\.0/)
  expect(findWrangler(root, '22.12.0').version).toBe('4.164.0')
  expect(findWrangler(root, '24.0.0').version).toBe('4.164.0')
})
