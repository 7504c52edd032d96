/** The environment variables in which Atlas finds the two databases. */
export const FROM_URL = 'STK_ATLAS_FROM'
export const TO_URL = 'STK_ATLAS_TO'

/** Which of two databases Atlas compares. Names, without a pattern. */
export interface AtlasScope {
  /** Empty: the whole database. */
  readonly schemas: readonly string[]
  /** Tables to leave out, each as its schema and name. */
  readonly exclude: readonly (readonly [schema: string, table: string])[]
}

/**
 * An Atlas project file with the URLs left to the environment, so that no command line and no file holds them.
 *
 * @param sources `file://` URLs of HCL files to compare with, instead of a second database.
 */
export function projectFile(scope: AtlasScope, sources: readonly string[] = []): string {
  const lines = [
    'env "stk" {',
    `  url = getenv("${FROM_URL}")`,
    sources.length === 0 ? `  src = getenv("${TO_URL}")` : `  src = [${sources.map((url) => hclString(csvField(url))).join(', ')}]`,
    ...(scope.schemas.length === 0 ? [] : [`  schemas = [${scope.schemas.map((name) => hclString(csvField(name))).join(', ')}]`]),
    ...(scope.exclude.length === 0 ? [] : [`  exclude = [${scope.exclude.map((names) => hclString(csvField(names.map((name) => globField(name)).join('.')))).join(', ')}]`]),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

/** Atlas joins lists with commas and reads them again as CSV. */
function csvField(text: string): string {
  return /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A part of a pattern: CSV again, with dots for commas, of globs. */
function globField(name: string): string {
  const glob = name.replaceAll(/[\\*?[]/g, '\\$&')
  return /[".\n\r]|^\s|\s$/.test(glob) ? `"${glob.replaceAll('"', '""')}"` : glob
}

function hclString(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return `"${escaped.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign)}"`
}
