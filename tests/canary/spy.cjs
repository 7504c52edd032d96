/* eslint-disable @typescript-eslint/no-require-imports, no-undef -- loaded by --require, before any module is */
// Loaded into `stk` before anything else: notes every process that is started, with its arguments and environment, and every
// text that is written to a file, however briefly the file is there. It changes nothing.
const fs = require('node:fs')
const module_ = require('node:module')
const childProcess = require('node:child_process')

const folder = process.env.STK_CANARY_SPY
// Who is spied upon must not spy on: what it starts has an environment of its own.
delete process.env.STK_CANARY_SPY
delete process.env.NODE_OPTIONS
const log = fs.openSync(`${folder}/${process.pid}.jsonl`, 'a')
const { writeSync } = fs
const note = (entry) => writeSync(log, `${JSON.stringify(entry)}\n`)

const { spawn } = childProcess.ChildProcess.prototype
childProcess.ChildProcess.prototype.spawn = function (options) {
  note({ started: options.file, args: options.args, env: options.envPairs })
  return spawn.call(this, options)
}
for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
  const original = childProcess[name]
  childProcess[name] = (...args) => {
    note({ started: args[0], args: Array.isArray(args[1]) ? args[1] : [], env: Object.entries(args.find((arg) => arg?.env)?.env ?? process.env).map((pair) => pair.join('=')) })
    return original.apply(childProcess, args)
  }
}

const textOf = (data) => {
  if (typeof data === 'string') return data
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')
  return ''
}
const wrote = (place, data) => note({ wrote: String(place), text: textOf(data) })
for (const name of ['writeFileSync', 'writeFile', 'appendFileSync', 'appendFile', 'writeSync', 'write']) {
  const original = fs[name]
  fs[name] = function (place, data, ...rest) {
    // 1 and 2 are the terminal; whoever reads it looks there.
    if (place !== 1 && place !== 2) wrote(place, data)
    return original.call(this, place, data, ...rest)
  }
}
for (const name of ['writeFile', 'appendFile']) {
  const original = fs.promises[name]
  fs.promises[name] = function (place, data, ...rest) {
    wrote(place, data)
    return original.call(this, place, data, ...rest)
  }
}
const { open } = fs.promises
fs.promises.open = async function (path, ...rest) {
  const handle = await open.call(this, path, ...rest)
  for (const name of ['write', 'writeFile', 'appendFile']) {
    const original = handle[name].bind(handle)
    handle[name] = (data, ...more) => { wrote(path, data); return original(data, ...more) }
  }
  return handle
}
module_.syncBuiltinESMExports()
