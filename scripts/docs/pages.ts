import { cliPage } from './cli-page.ts'
import { configPage } from './config-page.ts'
import { errorsPage } from './errors-page.ts'
import { optionsPage } from './options-page.ts'

/** A page of the manual that is written by `npm run docs:generate`, never by hand. */
export interface GeneratedPage {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

/** Every generated page, made anew from its source. */
export async function generatedPages(): Promise<readonly GeneratedPage[]> {
  return [
    page('docs/reference/config.md', 'packages/core/src/config/schema.ts and types.ts', configPage()),
    page('docs/reference/options.md', 'packages/plugin-*/src/options.ts', await optionsPage()),
    page('docs/reference/cli.md', 'packages/core/src/cli/verbs', await cliPage()),
    page('docs/errors/index.md', 'packages/core/src/diagnostics/catalogue.ts', errorsPage()),
  ]
}

function page(path: string, source: string, text: string): GeneratedPage {
  return { path, text: `<!-- Written by \`npm run docs:generate\` from ${source}. -->\n\n${text.trimEnd()}\n` }
}
