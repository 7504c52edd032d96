import { expect, test } from 'vitest'
import { isCanceled, isStalePlan, SettingsError } from './errors.ts'

const said = (code: string, routine = ''): object => ({ severity: 'ERROR', code, routine, message: 'what Postgres says' })

test('a statement that was stopped, or went stale, can be done again, also where it was one of its settings', () => {
  for (const wrap of [(error: object) => error, (error: object) => new SettingsError(error)]) {
    expect([isCanceled(wrap(said('57014'))), isStalePlan(wrap(said('57014')))]).toEqual([true, false])
    expect([isCanceled(wrap(said('26000'))), isStalePlan(wrap(said('26000')))]).toEqual([false, true])
    expect([isCanceled(wrap(said('22023'))), isStalePlan(wrap(said('22023')))]).toEqual([false, false])
    expect([isCanceled(wrap(new Error('ECONNRESET'))), isStalePlan(wrap(new Error('ECONNRESET')))]).toEqual([false, false])
  }
})
