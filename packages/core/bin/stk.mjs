#!/usr/bin/env node
import module from 'node:module'

// Keeps compiled code between runs where Node can (22.8 and newer).
module.enableCompileCache?.()
const { main } = await import('../dist/cli.mjs')
const code = await main(process.argv.slice(2), process)
process.exitCode = code
// What was interrupted, or gave no answer in time, may have left something behind that keeps the process alive.
if (code !== 0) setTimeout(() => process.exit(code), 1000).unref()
