import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { installed, PEERS_BIN } from './find.mjs'

/**
 * A program from npm that only one kind of test needs: installed apart, from `scripts/peers/<folder>`, whose lock file pins
 * everything, and without running what packages bring to run.
 */
export function npmProgram(program, folder = program) {
  return {
    program,
    // The version that the lock file pins, not another one that a dependency of ours brings or a person has.
    find: () => installed(program),
    install() {
      const source = join(ROOT, 'scripts/peers', folder)
      const place = join(PEERS_BIN, '../npm', folder)
      mkdirSync(place, { recursive: true })
      for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(source, file), join(place, file))
      const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: place, encoding: 'utf8' })
      if (status !== 0) {
        console.error(stderr)
        return 'npm ci failed'
      }
      rmSync(join(PEERS_BIN, program), { force: true })
      symlinkSync(join(place, 'node_modules/.bin', program), join(PEERS_BIN, program))
      return undefined
    },
  }
}
