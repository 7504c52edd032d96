import { sectionText } from './config-page.ts'
import { readDeclarations } from './declarations.ts'
import { ourPlugins, type OurPlugin } from './our-plugins.ts'
import { settingsOf, type Section } from './settings.ts'

/** `docs/reference/options.md`: the options of our targets and plugins, each from the schema and the TSDoc in its `options.ts`. */
export async function optionsPage(): Promise<string> {
  const parts = await Promise.all(ourPlugins().map(optionsOf))
  return [
    '# Options of targets and plugins',
    '',
    'What our own plugins take. Values are written as in the [config reference](config.md); other plugins document their own.',
    '',
    ...parts,
  ].join('\n')
}

async function optionsOf(plugin: OurPlugin): Promise<string> {
  const { options: file } = plugin
  if (file === undefined) return ''
  const exported = await import(file) as Readonly<Record<string, unknown>>
  const schema = Object.values(exported).find((value) => typeof value === 'object' && value !== null && '_zod' in value)
  const declarations = readDeclarations(file)
  const written = [...declarations.interfaces.keys()].find((declared) => declared.endsWith('Options'))
  if (schema === undefined || written === undefined) throw new Error(`${file} exports no schema, or no interface …Options.`)
  const [top, ...nested] = settingsOf(schema, written, declarations)
  if (top === undefined) throw new Error(`${file}: the schema reads nothing.`)
  return [titled(top, plugin), ...nested.map(sectionText)].join('\n')
}

/** Options of a target stand in the config under its type; a plugin that offers none takes them itself. */
function titled(top: Section, { name, targetType: type }: OurPlugin): string {
  const exported = name.replace(/^plugin-(secrets-|schema-)?/, '').replace('1password', 'onepassword')
  const place = type === undefined ? `What the plugin itself takes: \`plugins: [${exported}({ … })]\`.` : `Of a target of type \`${type}\`: \`targets: { ${type}: { … } }\`.`
  return sectionText({ ...top, paths: [] }).replace(/^.*\n/, `## @santokit/${name}\n\n${place}\n`)
}
