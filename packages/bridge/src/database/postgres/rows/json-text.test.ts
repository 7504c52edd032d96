import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactJson } from '../exact-json.ts'
import { JsonText } from './json-text.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 200 })

test('a text is written as JSON.stringify writes it', () => {
  fc.assert(fc.property(fc.array(anyText, { maxLength: 5 }), (texts) => {
    const out = JsonText.take()
    for (const text of texts) {
      const bytes = Buffer.from(`..${text}..`)
      out.text(bytes, 2, bytes.length - 2)
    }
    expect(out.finish()).toBe(texts.map((text) => JSON.stringify(text)).join(''))
  }), { numRuns: 1000 })
})

test('long texts and many of them find room', () => {
  const out = JsonText.take()
  const long = Buffer.from(`${'\u0001'.repeat(20_000)}ü${'x'.repeat(300_000)}`)
  for (let n = 0; n < 3; n++) out.text(long, 0, long.length)
  expect(out.finish()).toBe(JSON.stringify(long.toString()).repeat(3))
})

test('a document is written as it stands, but for numbers that JavaScript would change', () => {
  fc.assert(fc.property(fc.json().filter((text) => !/\d{16}|\de/i.test(text)), fc.bigInt(), fc.string(), (document, number, key) => {
    const bytes = Buffer.from(`{${JSON.stringify(key)}:${document},"n":${number}}`)
    const out = JsonText.take()
    out.document(bytes, 0, bytes.length)
    const text = out.finish()
    expect(text).toBe(exactJson(bytes.toString()))
    const { n } = JSON.parse(text) as { readonly n: unknown }
    expect(BigInt(n as string | number)).toBe(number)
    if (key !== 'n') expect((JSON.parse(text) as Record<string, unknown>)[key]).toEqual(JSON.parse(exactJson(document)))
  }), { numRuns: 1000 })
})

test('two texts at once do not mix', () => {
  const [one, two] = [JsonText.take(), JsonText.take()]
  one.json('"one"')
  two.json('"zwö"')
  expect([one.finish(), two.finish()]).toEqual(['"one"', '"zwö"'])
})
