import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const SOURCES = fileURLToPath(new URL('..', import.meta.url))

/** What `@santokit/core` and its parts for plugins export. */
const ENTRIES = ['index.ts', 'schema/index.ts', 'testkit/index.ts', 'dev/index.ts'] as const

/** What a plugin is written against. */
const CONTRACT = [
  'plugin/contract.ts', 'schema/contract.ts', 'config/types.ts', 'config/resolved.ts', 'config/define.ts', 'config/place.ts', 'plugin/wait-until-served.ts', 'artifact/artifact.ts', 'artifact/bundle.ts', 'artifact/ustar.ts',
  'secrets/secret-ref.ts', 'secrets/secret-value.ts', 'secrets/child-environment.ts', 'diagnostics/error.ts', 'diagnostics/events.ts', ...ENTRIES,
] as const

/** What an engine is made with. */
const SCHEMA = ['schema/state/exclude.ts', 'schema/state/inspect.ts', 'schema/state/table-text.ts', 'schema/sources/load-sql.ts', 'schema/sources/statements.ts',
  'schema/database/connection.ts', 'schema/database/postgres.ts', 'schema/database/redact.ts', 'logic/sql/lexer.ts'] as const

/** Of the test kit, what its suites and benches take and give. */
const TESTKIT = ['target.ts', 'target-bench.ts', 'secret-provider.ts', 'secret-sink.ts', 'schema-engine.ts', 'target-context.ts', 'contexts.ts', 'fake-clock.ts', 'memory-target.ts',
  'plugin-bench.ts', 'sample-bundle.ts', 'sample-checkout.ts', 'fuzzed-secrets.ts', 'appearances.ts', 'schema/model.ts', 'schema/mutations.ts', 'schema/random.ts']
  .map((file) => `testkit/${file}`)

/** And what stands in for databases and issuers in tests. */
const DEV = ['embedded-databases.ts', 'load-hcl.ts', 'load-schema.ts', 'local-issuer.ts', 'postgres/cluster.ts'].map((file) => `dev/${file}`)

const PINNED: readonly string[] = [...CONTRACT, ...SCHEMA, ...TESTKIT, ...DEV]

/**
 * `contract.golden.txt` is every signature that plugins of other people are compiled against. If it differs, they may no longer
 * compile. Where that is meant, write it anew with
 *
 *     npm run vitest -- run packages/core/src/plugin/contract.test.ts -u
 *
 * and let the diff be reviewed: something optional that is added breaks nobody; whatever else changes goes into CHANGELOG.md under
 * "Breaking", with what an author has to do (docs/plugins.md, "Versions").
 */
test('the contract of plugins is what it was', async () => {
  const text = PINNED.map((file) => `// ${file}\n\n${signaturesIn(file)}`).join('\n')
  await expect(text).toMatchFileSnapshot('contract.golden.txt')
})

test('whatever plugins can import is pinned', () => {
  const exported = ENTRIES.flatMap((entry) => [...readFileSync(join(SOURCES, entry), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, from = '']) => posix.join(posix.dirname(entry), from)))
  // The room of errors has a list of its own.
  expect(exported.filter((file) => !PINNED.includes(file) && file !== 'diagnostics/index.ts')).toEqual([])
})

/** The exported declarations of a file without their bodies and comments, in the file's order. */
function signaturesIn(file: string): string {
  const source = ts.createSourceFile(file, readFileSync(join(SOURCES, file), 'utf8'), ts.ScriptTarget.ES2022, true)
  const printer = ts.createPrinter({ removeComments: true })
  const exported = source.statements.filter((statement) => ts.isExportDeclaration(statement)
    || (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true))
  const result = ts.transform(exported, [withoutBodies])
  return result.transformed.map((statement) => `${printer.printNode(ts.EmitHint.Unspecified, statement, source)}\n`).join('\n')
}

function withoutBodies(context: ts.TransformationContext): (node: ts.Statement) => ts.Statement {
  const { factory } = context
  return (statement) => {
    if (ts.isFunctionDeclaration(statement)) {
      return factory.updateFunctionDeclaration(statement, statement.modifiers, statement.asteriskToken, statement.name, statement.typeParameters,
        statement.parameters, statement.type, undefined)
    }
    if (ts.isClassDeclaration(statement)) {
      const members = statement.members.flatMap((member) => {
        if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return []
        if (ts.isMethodDeclaration(member)) {
          return [factory.updateMethodDeclaration(member, member.modifiers, member.asteriskToken, member.name, member.questionToken, member.typeParameters,
            member.parameters, member.type, undefined)]
        }
        if (ts.isConstructorDeclaration(member)) return [factory.updateConstructorDeclaration(member, member.modifiers, member.parameters, undefined)]
        if (ts.isGetAccessor(member)) return [factory.updateGetAccessorDeclaration(member, member.modifiers, member.name, member.parameters, member.type, undefined)]
        return [member]
      })
      return factory.updateClassDeclaration(statement, statement.modifiers, statement.name, statement.typeParameters, statement.heritageClauses, members)
    }
    return statement
  }
}
