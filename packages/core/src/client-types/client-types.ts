import type { Callable } from './callables.ts'
import { comment, propertyName, typeOfSchema } from './type-of-schema.ts'

/** Where a repository keeps the client's types, from its root. */
export const CLIENT_TYPES_FILE = 'santokit-env.d.ts'

interface Branch {
  logic?: Callable
  readonly below: Map<string, Branch>
}

/**
 * Writes the declarations that give `@santokit/client` its types: one member of `Projects` for each project.
 *
 * The same logic gives the same text.
 */
export function clientTypes(projects: readonly { readonly name: string; readonly logic: readonly Callable[] }[]): string {
  const members = projects.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, logic }) => `    ${propertyName(name)}: ${branchType(tree(logic), '    ')}`)
  return `// Written by \`stk sync\` from the projects' logic. Do not edit: it is written anew.
import type { Call, Json, Row } from '@santokit/client'

declare module '@santokit/client' {
  interface Projects {
${members.join('\n')}
  }
}
`
}

function tree(logic: readonly Callable[]): Branch {
  const root: Branch = { below: new Map() }
  for (const callable of logic) {
    let branch = root
    for (const part of callable.path.split('/')) {
      const next = branch.below.get(part) ?? { below: new Map() }
      branch.below.set(part, next)
      branch = next
    }
    branch.logic = callable
  }
  return root
}

function branchType({ logic, below }: Branch, indent: string): string {
  const inner = `${indent}  `
  const members = [...below].map(([name, branch]) => {
    const about = comment(branch.logic?.description === undefined ? undefined : { description: branch.logic.description }, inner)
    return `${about}${inner}readonly ${propertyName(name)}: ${branchType(branch, inner)}`
  })
  const names = members.length === 0 ? undefined : `{\n${members.join('\n')}\n${indent}}`
  // `orders` may be a logic and a namespace.
  return [logic === undefined ? undefined : callType(logic, indent), names].filter((type) => type !== undefined).join(' & ') || 'object'
}

function callType({ params, returns, document }: Callable, indent: string): string {
  const sent = typeOfSchema(params, { side: 'params', document: document ?? params, indent })
  const given = typeOfSchema(returns, { side: 'result', document: document ?? returns, indent })
  return `Call<${sent}, ${given}>`
}
