/** A shell's word: in single quotes where it needs them. */
function word(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The call as a line of `curl`. A token stands in it if there is one. */
export function asCurl({ url, path, params, token }) {
  const body = Object.keys(params).length === 0 ? { path } : { path, params }
  const parts = [`curl ${word(`${url}/call`)}`, "-H 'content-type: application/json'", ...(token === undefined ? [] : [`-H ${word(`authorization: Bearer ${token}`)}`]), `-d ${word(JSON.stringify(body))}`]
  return parts.join(' \\\n  ')
}

/** The call as `@santokit/client` makes it. */
export function asClientCall({ project, path, params }) {
  const member = path.split('/').map((part) => (/^[A-Za-z_$][\w$]*$/.test(part) ? `.${part}` : `[${quoted(part)}]`)).join('')
  const name = /^[A-Za-z_$][\w$]*$/.test(project) ? project : 'client'
  return `await ${name}${member}(${Object.keys(params).length === 0 ? '' : literal(params)})`
}

function literal(value) {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)}: ${literal(member)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function quoted(text) {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll(String.raw`\"`, '"').replaceAll("'", String.raw`\'`)}'`
}
