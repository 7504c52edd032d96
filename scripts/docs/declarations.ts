import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** A property of an interface, as its TSDoc tells of it. */
export interface Declared {
  /** Paragraphs and lists of the TSDoc, in Markdown. Empty if there is none. */
  readonly description: string
  /** What `@default` says. */
  readonly fallback?: string
  /** Names of interfaces that the property's type speaks of, in the order of its text. */
  readonly interfaces: readonly string[]
  /** The properties of an object that is declared in place. */
  readonly inline?: Interface
  /** The type as it is written. */
  readonly type: string
}

export type Interface = ReadonlyMap<string, Declared>

/** The interfaces of a file, read from its text: neither types are checked nor imports followed. */
export interface Declarations {
  readonly interfaces: ReadonlyMap<string, Interface>
  /** Unions of interfaces by their name, such as `DatabaseConfig`. */
  readonly unions: ReadonlyMap<string, readonly string[]>
}

/** Reads the interfaces of a TypeScript file with their TSDoc. */
export function readDeclarations(path: string): Declarations {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const interfaces = new Map<string, Interface>()
  const unions = new Map<string, readonly string[]>()
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement)) interfaces.set(statement.name.text, membersOf(statement.members))
    if (ts.isTypeAliasDeclaration(statement)) unions.set(statement.name.text, namesIn(statement.type))
  }
  return { interfaces, unions }
}

function membersOf(members: ts.NodeArray<ts.TypeElement>): Interface {
  return new Map(members.filter(ts.isPropertySignature).map((member) => [member.name.getText().replace(/^'|'$/g, ''), declared(member)]))
}

function declared(member: ts.PropertySignature): Declared {
  const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc)
  const fallback = doc?.tags?.find((tag) => tag.tagName.text === 'default')
  const literal = member.type !== undefined && ts.isTypeLiteralNode(member.type) ? membersOf(member.type.members) : undefined
  return {
    description: textOf(doc?.comment),
    ...(fallback === undefined ? {} : { fallback: textOf(fallback.comment) }),
    interfaces: member.type === undefined ? [] : namesIn(member.type),
    // An index signature (`{ readonly [name: string]: … }`) has no properties of its own.
    ...(literal === undefined || literal.size === 0 ? {} : { inline: literal }),
    type: member.type?.getText() ?? '',
  }
}

function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  return (ts.getTextOfJSDocComment(comment) ?? '').replace(/\{@link (\w+)\}/g, '`$1`').trim()
}

function namesIn(node: ts.Node): readonly string[] {
  if (ts.isTypeReferenceNode(node)) return [node.typeName.getText(), ...(node.typeArguments ?? []).flatMap(namesIn)]
  return node.getChildren().flatMap(namesIn)
}
