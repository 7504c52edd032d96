import { debian } from './debian.mjs'
import { goProgram } from './go.mjs'

/** Every program that some `*.peer.test.ts` needs. `install()` gives the reason if it could not. */
export const PEERS = [
  debian('docker-registry'),
  debian('skopeo'),
  debian('umoci'),
  debian('dockerd', 'docker.io'),
  goProgram('atlas', 'ariga.io/atlas/cmd/atlas@v0.13.1'),
]
