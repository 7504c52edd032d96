import { parseAst } from 'rollup/parseAst'

/** Something in a module's code that has no place in a Worker. */
export interface Finding {
  /** In a sentence after the logic's name: `imports node:fs`. */
  readonly what: string
  readonly fix: string
  /** What its author wrote, to find the line again: `fs`. */
  readonly written: string
}

/** Built-in modules that workerd does not have, or whose work cannot be done there. */
const NO_USE: ReadonlySet<string> = new Set([
  'child_process', 'cluster', 'dgram', 'fs', 'fs/promises', 'inspector', 'inspector/promises', 'perf_hooks', 'readline', 'readline/promises', 'repl',
  'sea', 'sqlite', 'test', 'test/reporters', 'trace_events', 'tty', 'v8', 'vm', 'wasi', 'worker_threads',
])

/** Built-in modules that are there for their clients. */
const SERVERS: ReadonlySet<string> = new Set(['http', 'http2', 'https', 'net', 'tls'])

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

/**
 * Looks through a module for what a Worker cannot do: built-in modules without use, servers, and code made from text. What stands in
 * a `try` is left alone: packages ask in this way whether they may.
 */
export function findingsIn(code: string): readonly Finding[] {
  const found = new Map<string, Finding>()
  const add = (finding: Finding): void => { found.set(finding.what, finding) }
  visit(parseAst(code) as unknown as Node, false, (node, guarded) => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') imports(node, add)
    else if (node.type === 'ImportExpression' && !guarded) imports(node, add)
    else if ((node.type === 'CallExpression' || node.type === 'NewExpression') && !guarded) calls(node, add)
  })
  return [...found.values()]
}

function imports(node: Node, add: (finding: Finding) => void): void {
  const source = (node.source as { readonly value?: unknown } | null)?.value
  const name = typeof source === 'string' && source.startsWith('node:') ? source.slice('node:'.length) : undefined
  if (name === undefined) return
  if (NO_USE.has(name)) add({ what: `imports node:${name}`, fix: `A Worker has no ${name.split('/')[0] ?? name}: do without it, or release the project as an image.`, written: name })
  if (!SERVERS.has(name)) return
  const names = ((node.specifiers ?? []) as readonly Node[]).map(({ imported }) => (imported as { readonly name?: string } | undefined)?.name ?? '')
  const server = names.find((each) => each === 'Server' || each.startsWith('create') && each.endsWith('Server') || each === 'createSecureServer')
  if (server !== undefined) add({ what: `opens a server: ${server} of node:${name}`, fix: 'A Worker is called by Cloudflare, and listens nowhere.', written: server })
}

const NO_CODE = 'Workers run no code that is made from text. Look for a version of the package that does without.'

function calls(node: Node, add: (finding: Finding) => void): void {
  const callee = node.callee as Node
  const argument = ((node.arguments ?? []) as readonly { readonly value?: unknown }[])[0]?.value
  if (callee.type === 'Identifier') {
    if (callee.name === 'eval' && node.type === 'CallExpression') add({ what: 'calls eval', fix: NO_CODE, written: 'eval(' })
    // The old way to the global object, which packages keep for engines without `globalThis`: never run here.
    if (callee.name === 'Function' && argument !== 'return this') add({ what: 'makes a function from text', fix: NO_CODE, written: 'Function(' })
  }
  if (callee.type !== 'MemberExpression') return
  const object = (callee.object as Node).name
  const property = (callee.property as Node).name
  if (object === 'WebAssembly' && (property === 'compile' || property === 'Module' || property === 'compileStreaming')) {
    add({ what: `compiles WebAssembly while it runs: WebAssembly.${property}`, fix: 'Workers take WebAssembly as a module of the upload only.', written: 'WebAssembly' })
  }
}

function visit(node: Node, guarded: boolean, see: (node: Node, guarded: boolean) => void): void {
  see(node, guarded)
  for (const [key, value] of Object.entries(node)) {
    const inside = guarded || (node.type === 'TryStatement' && (key === 'block' || key === 'handler'))
    for (const child of Array.isArray(value) ? value as unknown[] : [value]) if (isNode(child)) visit(child, inside, see)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { readonly type?: unknown }).type === 'string'
}
