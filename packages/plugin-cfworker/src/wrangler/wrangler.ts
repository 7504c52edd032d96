import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Api } from '../cloudflare/api.ts'
import type { OpenDeployer, Upload, Uploaded } from './deployer.ts'
import { explainFailure } from './failure.ts'
import { findWrangler } from './find.ts'
import { readOutput } from './output.ts'
import { runWrangler } from './run.ts'

/**
 * Uploads with the project's wrangler, from a folder of its own that holds the module and the config, and no value.
 *
 * @throws StkError STK4201 at once if it cannot be used.
 */
export const wranglerDeployer: OpenDeployer = ({ api }, root) => {
  const program = findWrangler(root)
  const run = async (upload: Upload, command: readonly string[]): Promise<Uploaded> => {
    const folder = await mkdtemp(join(tmpdir(), 'santokit-worker-'))
    try {
      for (const { path, bytes } of upload.files) await writeFile(join(folder, path), bytes)
      const output = join(folder, 'output.ndjson')
      const code = await runWrangler({
        script: program.script,
        args: [
          ...command, '--config', 'wrangler.json', '--secrets-file', '/dev/stdin', '--tag', upload.tag,
          ...(upload.message === undefined ? [] : ['--message', upload.message]),
        ],
        cwd: folder,
        env: environment(api, folder, output),
        // Always, even without a name: only with a file does wrangler ask that the secrets that are there be kept.
        input: JSON.stringify(Object.fromEntries([...upload.secrets].map(([name, value]) => [name, value.reveal()]))),
        signal: api.signal,
      })
      const outcome = readOutput(await readFile(output, 'utf8').catch(() => ''))
      if (code === 0 && outcome.kind === 'uploaded') return outcome
      throw explainFailure(outcome, { code, program, api, upload })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return {
    deploy: (upload) => run(upload, ['deploy']),
    upload: ({ previewAlias, ...upload }) => run(upload, ['versions', 'upload', ...(previewAlias === undefined ? [] : ['--preview-alias', previewAlias])]),
  }
}

/** Its logs, caches and its own sign-in stay in the folder, which is removed with all that is in it. */
function environment({ url, token, account }: Api, folder: string, output: string): Record<string, string> {
  return {
    CLOUDFLARE_API_BASE_URL: url,
    CLOUDFLARE_API_TOKEN: token.reveal(),
    CLOUDFLARE_ACCOUNT_ID: account.reveal(),
    // Nobody answers its questions; what it would ask has been looked at before.
    CI: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_LOG_SANITIZE: 'true',
    WRANGLER_LOG_PATH: join(folder, 'logs'),
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_OUTPUT_FILE_PATH: output,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
  }
}
