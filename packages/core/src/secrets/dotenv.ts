import { parseEnv } from 'node:util'

/** The file that developers keep values in, at the repository root and out of git. */
export const DOTENV = '.env'

/** What a variable may be called in a `.env` file: anything a shell can export. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Reads the variables of a `.env` file the way `node --env-file` does, by Node's own parser, so that there is one
 * dialect and not two. Its habits, as of Node 20:
 *
 * - Nothing is expanded: `$HOME` and `${HOME}` stay as they are. The last of two equal names wins.
 * - `'…'`, `"…"` and `` `…` `` quote, over several lines if need be; only `"…"` turns `\n` into a line break, and nothing
 *   escapes a quote (use another kind around it). What follows the closing quote is dropped.
 * - A quote that is never closed is part of the value, and one that a later line happens to close swallows what is between.
 * - `#` begins a comment anywhere outside quotes, even without a blank before it: quote a value that holds one.
 * - `export NAME=value` is understood. Blanks around an unquoted value are dropped.
 * - It never objects: a line without `=` is glued to the name on the next line, and a line without a name ends the reading.
 *
 * Evened out here: a byte order mark, blanks around a name, and lines glued to a name. What is no name after that is
 * left out.
 */
export function parseDotenv(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const [key, value] of Object.entries(parseEnv(text.replace(/^\uFEFF/, '')))) {
    const name = key.slice(key.lastIndexOf('\n') + 1).trim()
    if (VARIABLE.test(name) && value !== undefined) variables.set(name, value)
  }
  return variables
}
