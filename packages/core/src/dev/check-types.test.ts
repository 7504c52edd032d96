import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { codeFrame, type ReportEvent, type StkError } from '../diagnostics/index.ts'
import { develop, FILES } from './explorer/fixture.ts'
import { readRounds, type TypeProblem } from './watch-types.ts'

const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url))
const TSCONFIG = JSON.stringify({ compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, types: [], module: 'esnext', target: 'esnext' }, include: ['notes', 'elsewhere'] })
const logic = (value: string): string => `const count: number = ${value}\nexport default { access: 'public', handler: () => count }\n`
const failedCheck = (event: ReportEvent): boolean => event.type === 'phase:failed' && event.phase === 'check'

test('a type that does not agree is served, shown at its place, and cleared once it is right', async () => {
  const dev = await develop({ ...FILES, 'tsconfig.json': TSCONFIG, 'package.json': '{}', 'elsewhere/not-served.ts': 'const wrong: string = 1\n', 'notes/logic/stats/count.ts': logic('1') },
    {}, { prepare: (root) => symlink(MODULES, join(root, 'node_modules')) })
  await dev.write('notes/logic/stats/count.ts', logic(`'one'`))
  const { error } = await dev.next('phase:failed', failedCheck) as { readonly error: StkError }
  expect(error).toMatchObject({ code: 'STK5007', details: { project: 'notes', why: "TS2322 Type 'string' is not assignable to type 'number'.", others: [] } })
  expect(error.details.where && codeFrame(error.details.where)).toMatch(/> 1 \| const count: number = 'one'\n +\| {7}\^{5}/)
  await expect.poll(async () => (await dev.call('stats/count')).json(), { timeout: 20_000 }).toEqual({ data: 'one' })
  await dev.write('notes/logic/stats/count.ts', logic('2'))
  await dev.next('note', (event) => event.type === 'note' && event.message === 'the types are right again')
}, 120_000)

test('what the compiler prints is read round by round', async () => {
  const rounds: (readonly TypeProblem[])[] = []
  const lines = [
    '2:15:31 PM - Starting compilation in watch mode...', '', "a.ts(1,7): error TS2322: Type 'A' is not assignable to type 'B'.", "  Types of property 'x' are incompatible.",
    'src/b (copy).ts(20,3): error TS2304: Cannot find name.', '', '2:15:32 PM - Found 2 errors. Watching for file changes.', '2:15:40 PM - File change detected.', '', '2:15:41 PM - Found 0 errors. Watching for file changes.',
  ]
  await readRounds((async function* () { yield* lines })(), '/r', (problems) => rounds.push(problems))
  expect(rounds).toEqual([[
    { file: '/r/a.ts', line: 1, column: 7, rule: 'TS2322', message: "Type 'A' is not assignable to type 'B'.\n  Types of property 'x' are incompatible." },
    { file: '/r/src/b (copy).ts', line: 20, column: 3, rule: 'TS2304', message: 'Cannot find name.' },
  ], []])
})
