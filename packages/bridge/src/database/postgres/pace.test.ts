import { expect, test } from 'vitest'
import { Pace, UsualPace } from './pace.ts'

const usual = new UsualPace()

function run(pace: Pace, times: number, ms: number, bytes = 100): void {
  for (let n = 0; n < times; n++) pace.ran(ms, bytes, usual)
}

test('logic is short when it has been seen short, and not before', () => {
  const pace = new Pace(false)
  expect(pace.isShort).toBe(false)
  run(pace, 1, 1)
  run(pace, 1, 1000)
  run(pace, 1, 1)
  expect(pace.isShort).toBe(false)
  run(pace, 1, 1)
  expect(pace.isShort).toBe(true)
})

test('one slow run among many changes nothing; becoming slow does', () => {
  const pace = new Pace(false)
  run(pace, 10, 1)
  run(pace, 1, 40)
  expect(pace.isShort).toBe(true)
  run(pace, 10, 40)
  expect(pace.isShort).toBe(false)
})

test('each time it has to prove itself for longer', () => {
  const pace = new Pace(false)
  for (const least of [2, 8, 32, 128]) {
    let needed = 0
    for (; !pace.isShort; needed++) run(pace, 1, 1)
    expect(needed).toBe(least)
    pace.overstayed()
    pace.overstayed()
  }
})

test('being stopped once is forgiven, twice within a while is not', () => {
  const pace = new Pace(false)
  run(pace, 2, 1)
  pace.overstayed()
  run(pace, 300, 1)
  pace.overstayed()
  expect(pace.isShort).toBe(true)
  run(pace, 3, 1)
  pace.overstayed()
  expect(pace.isShort).toBe(false)
})

test('large answers, and writes that wait for the disk, are not short', () => {
  const large = new Pace(false)
  run(large, 10, 1, 1_000_000)
  expect(large.isShort).toBe(false)
  const [read, write] = [new Pace(false), new Pace(true)]
  for (const pace of [read, write]) run(pace, 10, 3)
  expect([read.isShort, write.isShort]).toEqual([true, false])
})

test('where everything is slow, nothing is called slow for being so', () => {
  const busy = new UsualPace()
  for (let n = 0; n < 1000; n++) busy.ran(20)
  const pace = new Pace(false)
  for (let n = 0; n < 20; n++) pace.ran(30, 100, busy)
  expect(pace.isShort).toBe(true)
})
