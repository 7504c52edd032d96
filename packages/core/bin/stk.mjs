#!/usr/bin/env node
import module from 'node:module'

// Keeps compiled code between runs where Node can (22.8 and newer).
module.enableCompileCache?.()
const { main } = await import('../dist/cli.mjs')
process.exitCode = await main(process.argv.slice(2), process)
