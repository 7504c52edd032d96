import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Binding, LogicEntry, Manifest, ModuleLogicEntry, ParamSpec, SqlLogicEntry } from '../src/manifest/index.ts'
import { canonicalJson, digestOf, manifestDigest, paramsJsonSchema } from '../src/manifest/index.ts'

/** A project as a test writes it: its logic, module sources, and whatever else of the manifest matters. */
export interface TestProject {
  readonly logic: Readonly<Record<string, LogicEntry>>
  /** Module sources by their path below `bundle/`. */
  readonly modules?: Readonly<Record<string, string>>
  readonly manifest?: Partial<Manifest>
}

/** A manifest whose digest is right. */
export function makeManifest({ logic, modules = {}, manifest = {} }: TestProject): Manifest {
  const files = Object.fromEntries(Object.entries(modules).map(([path, source]) => [
    path, { digest: digestOf(source), bytes: Buffer.byteLength(source) },
  ]))
  const content: Omit<Manifest, 'digest'> = {
    manifestVersion: 1,
    project: 'shop',
    generator: '0.0.0-test',
    databases: {},
    auth: { mode: 'issuers', issuers: [] },
    logic,
    limits: { bodyBytes: 100_000, jsonDepth: 20, timeout: 5000, concurrency: 100, callDepth: 4 },
    schema: {},
    secrets: [],
    files,
    runtime: { node: '>=20.19' },
    ...manifest,
  }
  return { ...content, digest: manifestDigest(content) }
}

/** The files of a bundle by their path, as an archive holds them. */
export function bundleFiles(project: TestProject): Record<string, string> {
  const modules = Object.entries(project.modules ?? {}).map(([path, source]) => [`bundle/${path}`, source])
  return { 'manifest.json': canonicalJson(makeManifest(project)), ...Object.fromEntries(modules) as Record<string, string> }
}

/** A folder of its own, removed by `remove`. */
export async function makeFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'santokit-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Writes `manifest.json` and `bundle/` into `folder`. */
export async function writeBundle(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

export interface TarEntry {
  readonly path: string
  readonly content?: Uint8Array | string
  /** @default '0', a regular file */
  readonly type?: string
  readonly link?: string
}

/** A ustar archive that holds anything, however wrong. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = '0', link = '' }) => {
    const body = Buffer.from(content)
    const header = Buffer.alloc(512)
    header.write(path, 0, 100)
    header.write('0000644\0', 100)
    header.write('0000000\0', 108)
    header.write('0000000\0', 116)
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('00000000000\0', 136)
    header.write('        ', 148)
    header.write(type, 156)
    header.write(link, 157, 100)
    header.write('ustar\0' + '00', 257)
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148)
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

export function makeTgz(files: Readonly<Record<string, string>>): Buffer {
  return gzipSync(makeTar(Object.entries(files).map(([path, content]) => ({ path, content }))))
}

/** A SQL logic; params are given by their type or in full. */
export function sql(
  text: string,
  { params = {}, bindings, ...entry }: Partial<Omit<SqlLogicEntry, 'params' | 'bindings'>> & {
    readonly params?: Readonly<Record<string, Partial<ParamSpec>>>
    readonly bindings?: readonly Binding[]
  } = {},
): SqlLogicEntry {
  const inputs = Object.entries(params).map(([name, spec]): ParamSpec => ({
    name, type: 'string', array: false, required: spec.default === undefined, ...spec,
  }))
  return {
    kind: 'sql', access: 'authenticated', private: false, source: 'logic/test.sql', database: 'main', text, inputs,
    params: paramsJsonSchema(inputs), result: 'rows', readOnly: /^\s*select/i.test(text),
    bindings: bindings ?? inputs.map(({ name }) => ({ from: 'param', name })),
    ...entry,
  }
}

/** A logic whose module is `bundle/<module>`. */
export function module(file: string, entry: Partial<ModuleLogicEntry> = {}): ModuleLogicEntry {
  return {
    kind: 'module', access: 'authenticated', private: false, source: 'logic/test.ts', module: file,
    params: { type: 'object', properties: {}, additionalProperties: false }, ...entry,
  }
}
