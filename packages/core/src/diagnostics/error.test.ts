import { describe, expect, test } from 'vitest'
import { isStkError, StkError, throwAll } from './error.ts'

test('carries its code, title and exit code, and says why', () => {
  const cause = new Error('no such host')
  const error = new StkError('STK4001', { why: 'registry.example.com does not answer.', cause })
  expect(error).toBeInstanceOf(Error)
  expect(error.message).toBe('STK4001 registry.example.com does not answer.')
  expect(error.title).toBe('The platform cannot be reached')
  expect(error.exitCode).toBe(1)
  expect(error.cause).toBe(cause)
  expect(new StkError('STK1004', { why: 'There is none.' }).exitCode).toBe(2)
})

describe('with', () => {
  test('adds what is known further up, and keeps what was known where it was thrown', () => {
    const thrown = new StkError('STK3001', { why: 'It is empty.', project: 'shop', fix: undefined })
    const error = thrown.with({ project: 'links', target: 'image', fix: 'Set it.', why: 'Something else.' })
    expect(error.code).toBe('STK3001')
    expect(error.details).toMatchObject({ why: 'It is empty.', project: 'shop', target: 'image', fix: 'Set it.' })
    expect(thrown.details.target).toBeUndefined()
  })

  test('keeps the stack of the place where it was thrown', () => {
    const thrown = new StkError('STK3001', { why: 'It is empty.' })
    expect(thrown.with({ target: 'image' }).stack).toBe(thrown.stack)
  })

  test('keeps the errors found in the same go, and the cause', () => {
    const other = new StkError('STK3002', { why: 'Bad.' })
    const cause = new Error('root')
    const error = new StkError('STK3001', { why: 'It is empty.', others: [other], cause }).with({ project: 'shop' })
    expect(error.details.others).toEqual([other])
    expect(error.cause).toBe(cause)
  })
})

test('is recognised from another copy of the package, and nothing else is', () => {
  class StkErrorOfAnotherCopy extends Error {
    override readonly name = 'StkError'
    readonly code = 'STK1003'
    readonly details = { why: 'Not valid.' }
  }
  expect(isStkError(new StkErrorOfAnotherCopy('STK1003 Not valid.'))).toBe(true)
  expect(isStkError(new Error('STK1003'))).toBe(false)
  expect(isStkError({ name: 'StkError', code: 'STK1003', details: {} })).toBe(false)
  expect(isStkError(undefined)).toBe(false)
})

describe('throwAll', () => {
  const first = new StkError('STK2002', { why: 'One.', where: { file: 'a.sql' } })
  const second = new StkError('STK2003', { why: 'Two.' })

  test('with none it returns, with one it throws that very one', () => {
    expect(() => throwAll([])).not.toThrow()
    expect(thrownBy(() => throwAll([first]))).toBe(first)
  })

  test('with several it throws the first, which carries the others', () => {
    const error = thrownBy(() => throwAll([first, second])) as StkError
    expect(error.code).toBe('STK2002')
    expect(error.details).toMatchObject({ why: 'One.', where: { file: 'a.sql' } })
    expect(error.details.others).toEqual([second])
  })

  test('loses none when the first carries others already', () => {
    const third = new StkError('STK2004', { why: 'Three.' })
    const carrying = new StkError('STK2002', { why: 'One.', others: [second] })
    expect((thrownBy(() => throwAll([carrying, third])) as StkError).details.others).toEqual([second, third])
  })
})

function thrownBy(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
