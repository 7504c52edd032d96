import { ARCHIVE, type Scope } from '../../release/layout.ts'
import type { GitHubDestination } from '../../options.ts'
import type { ReleaseStore } from '../store.ts'
import type { GitHub } from './api.ts'
import { missingAssets, readAsset, tagOf, uploadAssets } from './artifacts.ts'
import { gitHistory } from './history.ts'

/** Releases kept on GitHub: content as the assets of a GitHub release, records as commits, and a ref that names the live one. */
export function gitHubReleases(github: GitHub, destination: GitHubDestination, scope: Scope): ReleaseStore {
  const history = gitHistory(github, scope)
  return {
    names: {
      file: (digest, name) => `release ${tagOf(scope.project, digest)}, ${name}`,
      record: (id) => `commit of ${id}`,
      pointer: history.ref,
    },
    address: (digest) => ({
      BUNDLE_URL: `${webUrl(destination)}/${destination.owner}/${destination.repo}/releases/download/${tagOf(scope.project, digest)}/${ARCHIVE}`,
    }),
    live: () => history.live(),
    before: (stored) => history.before(stored),
    missing: (digest, files) => missingAssets(github, tagOf(scope.project, digest), files),
    upload: (digest, files, progress) => uploadAssets(github, tagOf(scope.project, digest), files, {
      name: `${scope.project} ${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`,
      body: `Santokit bundle of \`${scope.project}\`, \`${digest}\`.\n\n`
        + `Made by \`stk release\`. Which bundle is live is kept in \`refs/santokit/${scope.project}/\`.`,
    }, progress),
    read: (digest, file) => readAsset(github, tagOf(scope.project, digest), file.path),
    commit: async (record, observed) => ({ live: await history.append(record, observed), record }),
  }
}

/** Where people and Bridges download: `https://github.com`, or the Enterprise server's own address. */
function webUrl({ apiUrl }: GitHubDestination): string {
  const url = new URL(apiUrl)
  return `${url.protocol}//${url.host.replace(/^api\./, '')}`
}
