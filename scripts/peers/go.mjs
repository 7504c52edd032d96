import { spawnSync } from 'node:child_process'
import { PEERS_BIN, which } from './find.mjs'

/** A program that `go install` builds. */
export function goProgram(program, module) {
  return {
    program,
    install() {
      const go = which('go')
      if (go === undefined) return `needs Go: go install ${module}`
      const { status, stderr } = spawnSync(go, ['install', module], { encoding: 'utf8', env: { ...process.env, GOBIN: PEERS_BIN, GOFLAGS: '' } })
      if (status !== 0) console.error(stderr)
      return status === 0 ? undefined : `go install ${module} failed`
    },
  }
}
