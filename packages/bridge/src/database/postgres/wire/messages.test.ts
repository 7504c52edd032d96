import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IncomingMessages } from './incoming.ts'
import { OutgoingMessages } from './outgoing.ts'
import { changedRows, readColumns, readError } from './server-messages.ts'

/** A message as the server sends it. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

test('messages arrive whole, however the network cuts them', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  fc.assert(fc.property(bodies, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }), (given, cuts) => {
    const stream = Buffer.concat(given.map((body) => message('D', Buffer.from(body))))
    const seen: Buffer[] = []
    const incoming = new IncomingMessages((_type, bytes, from, to) => seen.push(Buffer.from(bytes.subarray(from, to))))
    for (let at = 0, n = 0; at < stream.length; n++) {
      const size = cuts[n % cuts.length] as number
      incoming.push(stream.subarray(at, at + size))
      at += size
    }
    expect(seen).toEqual(given.map((body) => Buffer.from(body)))
  }))
})

test('a message larger than any room arrives whole, and small ones after it', () => {
  const large = Buffer.alloc(1_000_000, 'x')
  const seen: number[] = []
  const incoming = new IncomingMessages((_type, _bytes, from, to) => seen.push(to - from))
  const stream = Buffer.concat([message('D', large), message('D', Buffer.from('after'))])
  for (let at = 0; at < stream.length; at += 65_536) incoming.push(stream.subarray(at, at + 65_536))
  expect(seen).toEqual([1_000_000, 5])
})

test('what is bound is framed by its bytes, whatever it holds', () => {
  const value = fc.oneof(fc.constant(null), fc.string({ unit: 'binary', maxLength: 100 }), fc.uint8Array().map((bytes) => Buffer.from(bytes)))
  fc.assert(fc.property(fc.array(fc.array(value, { maxLength: 6 }), { maxLength: 6 }), (binds) => {
    const out = new OutgoingMessages()
    for (const values of binds) out.bind('stk_name', values)
    out.sync()
    const seen: unknown[] = []
    new IncomingMessages((type, bytes, from) => { if (type === 0x42) seen.push(readBind(bytes, from)) }).push(out.take())
    expect(seen).toEqual(binds.map((values) => values.map((item) => (typeof item === 'string' ? Buffer.from(item) : item))))
    expect(out.isEmpty).toBe(true)
  }))
})

/** The values of a Bind message (manual, "Message Formats"). */
function readBind(bytes: Buffer, from: number): unknown[] {
  let at = bytes.indexOf(0, from + 1) + 1
  at += 2 + 2 * bytes.readInt16BE(at)
  const values: unknown[] = []
  let left = bytes.readInt16BE(at)
  for (at += 2; left > 0; left--) {
    const length = bytes.readInt32BE(at)
    values.push(length === -1 ? null : Buffer.from(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + Math.max(0, length)
  }
  return values
}

test('what was taken out is not written over', () => {
  const out = new OutgoingMessages()
  const taken = Array.from({ length: 2_000 }, (_, n) => {
    out.bind('x', [`value ${n}`])
    return { n, bytes: out.take() }
  })
  for (const { n, bytes } of taken) expect(bytes.toString('latin1')).toContain(`value ${n}\0`)
})

test('columns, errors and command tags are read', () => {
  const column = (name: string, type: number): Buffer => {
    const rest = Buffer.alloc(18)
    rest.writeUInt32BE(type, 6)
    return Buffer.concat([Buffer.from(`${name}\0`), rest])
  }
  expect(readColumns(Buffer.concat([Buffer.from([0, 2]), column('id', 23), column('größe', 4_000_000_000)]), 0)).toEqual([
    { name: 'id', type: 23 }, { name: 'größe', type: 4_000_000_000 },
  ])
  const fields = Buffer.from('SFEHLER\0VERROR\0C23505\0Mdoppelt\0nitems_pkey\0R_bt_check_unique\0\0')
  expect(readError(fields, 0)).toMatchObject({ severity: 'ERROR', code: '23505', message: 'doppelt', constraint: 'items_pkey', routine: '_bt_check_unique' })
  expect(['SELECT 10', 'INSERT 0 5', 'UPDATE 0', 'BEGIN', '', 'CREATE TABLE', 'COPY 123456'].map(changedRows)).toEqual([10, 5, 0, 0, 0, 0, 123456])
})
