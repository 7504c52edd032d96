import { expect, test } from 'vitest'
import { fromCents, toCents, totalOf } from '../lib/money.ts'

test('amounts go to cents and back', () => {
  for (const amount of ['0.00', '0.05', '9.90', '115.95', '349.00']) expect(fromCents(toCents(amount))).toBe(amount)
  expect(toCents('7')).toBe(700)
  expect(toCents('7.5')).toBe(750)
})

test('what is no amount is refused', () => {
  for (const text of ['', '-1.00', '1.005', '1e3', '1,50']) expect(() => toCents(text)).toThrow('Not an amount')
})

test('a total is exact where numbers are not', () => {
  expect(totalOf([{ quantity: 3, unitPrice: '0.10' }, { quantity: 1, unitPrice: '0.20' }])).toBe('0.50')
  expect(totalOf([{ quantity: 7, unitPrice: '19.99' }])).toBe('139.93')
  expect(totalOf([])).toBe('0.00')
})
