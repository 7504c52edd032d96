import { describe, expect, test } from 'vitest'
import { findingsIn } from './findings.ts'

const whats = (code: string): readonly string[] => findingsIn(code).map(({ what }) => what)

describe('what a Worker cannot do', () => {
  test.each([
    ["import { readFile } from 'node:fs/promises'", 'imports node:fs/promises'],
    ["import 'node:child_process'", 'imports node:child_process'],
    ["export * from 'node:worker_threads'", 'imports node:worker_threads'],
    ["export { Script } from 'node:vm'", 'imports node:vm'],
    ["const fs = await import('node:fs')", 'imports node:fs'],
    ["import { createServer } from 'node:net'", 'opens a server: createServer of node:net'],
    ["import { createSecureServer as listen } from 'node:http2'", 'opens a server: createSecureServer of node:http2'],
    ["import { Server } from 'node:https'", 'opens a server: Server of node:https'],
    ["const add = new Function('a', 'b', 'return a + b')", 'makes a function from text'],
    ["const add = Function('a', 'return a')", 'makes a function from text'],
    ["eval('1 + 1')", 'calls eval'],
    ['const later = () => { if (true) { return [eval(text)] } }', 'calls eval'],
    ['await WebAssembly.compile(bytes)', 'compiles WebAssembly while it runs: WebAssembly.compile'],
    ['new WebAssembly.Module(bytes)', 'compiles WebAssembly while it runs: WebAssembly.Module'],
  ])('%s', (code, what) => {
    expect(whats(code)).toEqual([what])
  })

  test('each is said once, however often it is there', () => {
    expect(whats("import a from 'node:fs'\nimport { readFile } from 'node:fs'\neval(a); eval(readFile)")).toEqual(['imports node:fs', 'calls eval'])
  })
})

describe('what it can', () => {
  test.each([
    ["import { createHash } from 'node:crypto'\nimport { Buffer } from 'node:buffer'"],
    ["import { connect, Socket } from 'node:net'"],
    ["import http, { request } from 'node:http'"],
    ["export const name = 'eval', Function = class {}"],
    ["const text = 'new Function(1)' // eval('no')"],
    ["const root = globalThis || Function('return this')()"],
    // Packages ask in this way whether they may.
    ["let fast = true; try { new Function('') } catch { fast = false }"],
    ["try { await import('node:fs') } catch { /* without */ }"],
    ['new WebAssembly.Instance(module)'],
    ["client.eval('return 1', 0)"],
  ])('%s', (code) => {
    expect(whats(code)).toEqual([])
  })
})
