import { StkError } from '@santokit/core'
import type { AtlasOutput } from './run.ts'

/**
 * Says why Atlas failed, in words of ours. What it printed is only matched and never shown: it may quote a URL, with a password
 * in it.
 */
export function explainFailure({ code, stderr, stdout }: AtlasOutput): StkError {
  const printed = `${stderr}\n${stdout}`
  const known = KNOWN.find(([pattern]) => pattern.test(printed))
  if (known !== undefined) return new StkError(...known[1])
  return new StkError('STK6002', {
    why: `Atlas ended with ${code} and a message that is not shown, as it may quote the database's URL.`,
    fix: 'Try a newer Atlas, or run it by hand on the same sources: atlas schema apply --dry-run',
  })
}

type Explanation = ConstructorParameters<typeof StkError>

const UNREACHABLE = 'Check the URL, that this machine may reach the server, and that the role may log in: stk secrets check'

/** The first that matches explains. No text of Atlas's gets into a message. */
const KNOWN: readonly (readonly [RegExp, Explanation])[] = [
  [/password authentication failed|28P01|no pg_hba\.conf entry|role ".*" does not exist/i, ['STK6004', { why: 'The database refused the role or its password to Atlas.', fix: UNREACHABLE }]],
  [/connection refused|no such host|network is unreachable|i\/o timeout|connection reset|timeout expired|broken pipe|bad connection|unexpected EOF/i,
    ['STK6004', { why: 'Atlas could not reach the database.', fix: UNREACHABLE }]],
  [/x509|certificate|SSL is not enabled|tls:/i, ['STK6004', { why: 'Atlas could not agree on TLS with the database server.', fix: 'Check `sslmode` and `sslrootcert` in the URL.' }]],
  [/permission denied/i, ['STK6004', { why: 'The role may not read the catalogue of the database.', fix: 'Give it USAGE on the schemas and a login that owns the tables.' }]],
  [/database is locked/i, ['STK6010', { why: 'The database file is locked by another process.', fix: 'Try again when it is done.' }]],
  [/unsupported postgres version|unexpected number of rows/i, ['STK6002', { why: 'This version of Atlas does not know that version of Postgres.', fix: 'Install a newer Atlas.' }]],
  [/missing (block|required)|unsupported (block|attribute|argument)|invalid.*reference|extraneous label|unknown (type|column|table)|\.hcl:\d+/i,
    ['STK6003', { why: 'Atlas cannot read the HCL sources.', fix: 'See what it says about them: atlas schema inspect --url file://<the file>' }]],
  [/replacing enum values|removing enum value|reordering enum/i,
    ['STK6002', { why: 'A value of an enum type goes or moves, which Postgres cannot do.', fix: 'Make a new type, move the columns to it, and drop the old one.' }]],
  [/unsupported|unimplemented|unexpected|cannot|changing|mismatched|missing|not supported/i,
    ['STK6002', { why: 'This version of Atlas cannot plan one of the changes.', fix: ['Install a newer Atlas.', 'Or make that change by hand, then plan again.'] }]],
]
