import { spawnSync } from 'node:child_process'
import { which } from './find.mjs'

let updated = false

/** A program from a Debian package. */
export function debian(program, name = program) {
  return {
    program,
    install() {
      if (which('apt-get') === undefined) return `install the Debian package ${name}, or its like`
      if (process.getuid?.() !== 0) return `needs root: apt-get install ${name}`
      if (!updated) apt('update')
      updated = true
      return apt('install', '--yes', '--no-install-recommends', name) ? undefined : `apt-get install ${name} failed`
    },
  }
}

function apt(...args) {
  const { status, stderr } = spawnSync('apt-get', ['-qq', ...args], {
    encoding: 'utf8',
    // No service is to start by itself: tests start what they need and stop it again.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  })
  if (status !== 0) console.error(stderr)
  return status === 0
}
