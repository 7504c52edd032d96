import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { PEERS_BIN, which } from './find.mjs'

/**
 * A program that Go builds from a module of ours, `scripts/peers/<folder>`: its `go.mod` and `go.sum` pin every dependency,
 * and may take a newer one than the program's own module does. (`go install <program>@<version>` takes that as it stands.)
 */
export function goProgram(program, folder, { path, ldflags = '' }) {
  return {
    program,
    install() {
      const go = which('go')
      if (go === undefined) return 'needs Go 1.21 or newer, and a C compiler'
      const { status, stderr } = spawnSync(go, ['build', '-mod=readonly', '-trimpath', '-ldflags', ldflags, '-o', join(PEERS_BIN, program), path], {
        cwd: join(ROOT, 'scripts/peers', folder),
        encoding: 'utf8',
        // Atlas reads SQLite through cgo. A person's GOFLAGS are not for this build.
        env: { ...process.env, CGO_ENABLED: '1', GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
      })
      if (status !== 0) console.error(stderr)
      return status === 0 ? undefined : `go build ${path} failed`
    },
  }
}
