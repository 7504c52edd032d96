import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SecretValue, type SchemaDatabase } from '@santokit/core'
import { testSchemaEngine } from '@santokit/core/testkit'
import { expect, test } from 'vitest'
import { statementsBetween } from '../src/difference.ts'
import { exampleEngine } from '../src/engine.ts'

// What every engine must do, on real databases, a test for each rule.
testSchemaEngine({
  test,
  driver: 'libsql',
  engine: exampleEngine,
  cases: 5,
  async create() {
    const folder = await mkdtemp(join(tmpdir(), 'santokit-plugin-example-'))
    let made = 0
    return {
      async createDatabase(): Promise<SchemaDatabase> {
        const file = join(folder, `${made++}.db`)
        await writeFile(file, '')
        return { driver: 'libsql', url: new SecretValue(pathToFileURL(file).href) }
      },
      cleanup: () => rm(folder, { recursive: true, force: true }),
    }
  },
})

// And what only this one does.
test('nothing has to be done where nothing differs', () => {
  expect(statementsBetween({ objects: {} }, { objects: {} }, new Map())).toEqual([])
})
