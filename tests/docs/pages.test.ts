import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { generatedPages } from '../../scripts/docs/pages.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test.each(await generatedPages())('$path says what its source says (npm run docs:generate)', async ({ path, text }) => {
  expect(await readFile(join(ROOT, path), 'utf8')).toBe(text)
})
