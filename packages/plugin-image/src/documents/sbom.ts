import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { hexOf, jsonBytes, type Document } from '../oci/content.ts'
import { digestOf } from '../registry/digest.ts'
import { bridgeFile, packageRoot, type LibsqlNeed } from '../runtime/files.ts'

/** What an SBOM is made from. */
export interface Inventory {
  readonly project: string
  readonly base: { readonly name: string; readonly digest: string }
  /** Packages whose code stands in the image. */
  readonly packages: readonly PackageNotice[]
}

/** A package of npm, as the built files note it. */
export interface PackageNotice {
  readonly name: string
  readonly version: string
  /** SPDX. */
  readonly license: string
}

/** The media type of CycloneDX documents in JSON. */
export const CYCLONEDX = 'application/vnd.cyclonedx+json'

/**
 * A bill of materials, CycloneDX 1.6: the base, the project, and every package that is built into what runs it.
 *
 * It says nothing of one release: which image it is about is said by the manifest it is stored with. So it stays the same, and
 * is sent once, until what runs the project changes.
 */
export function cycloneDx({ project, base, packages }: Inventory): Document {
  const reference = `project:${project}`
  const baseReference = `base:${base.digest}`
  const sortedPackages = [...packages].sort((a, b) => (purlOf(a) < purlOf(b) ? -1 : 1))
  const content = {
    version: 1,
    metadata: { component: { 'type': 'application', 'bom-ref': reference, 'name': project } },
    components: [
      { 'type': 'container', 'bom-ref': baseReference, 'name': base.name, 'version': base.digest, 'hashes': [{ alg: 'SHA-256', content: hexOf(base.digest) }] },
      ...sortedPackages.map((each) => ({
        'type': 'library', 'bom-ref': purlOf(each), 'name': each.name, 'version': each.version, 'purl': purlOf(each), 'licenses': licensesOf(each),
      })),
    ],
    dependencies: [
      { ref: reference, dependsOn: [baseReference, ...sortedPackages.map(purlOf)] },
      { ref: baseReference, dependsOn: [] },
      ...sortedPackages.map((each) => ({ ref: purlOf(each), dependsOn: [] })),
    ],
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidFrom(hexOf(digestOf(jsonBytes(content))))}`,
    ...content,
  }
}

/** The packages in an image: the Bridge, what is built into it, and the libSQL client where it is there. */
export async function installedPackages(need: LibsqlNeed): Promise<readonly PackageNotice[]> {
  const bridge = bridgeFile()
  const folders = [dirname(bridge), ...(need === 'none' ? [] : [join(packageRoot(), 'dist/runtime')])]
  const notices = await Promise.all(folders.map(async (folder) => noticesIn(await readFile(join(folder, 'THIRD-PARTY.txt'), 'utf8'))))
  const { name, version, license } = createRequire(bridge)('@santokit/bridge/package.json') as PackageNotice
  const found = [{ name, version, license }, ...notices.flat()]
  return [...new Map(found.map((each) => [purlOf(each), each])).values()]
}

/** Reads the list of packages at the head of each notice: `h3 2.0.8 (MIT)`. */
export function noticesIn(text: string): readonly PackageNotice[] {
  return text.split(/^-{80}$/m).flatMap((part) => {
    const [, name, version, license] = /^(@?[\w./-]+) (\d\S*) \((.+)\)$/m.exec(part.trimStart().split('\n')[0] ?? '') ?? []
    return name === undefined || version === undefined || license === undefined ? [] : [{ name, version, license }]
  })
}

function licensesOf({ license }: PackageNotice): readonly Document[] {
  return /^[A-Za-z0-9.+-]+$/.test(license) ? [{ license: { id: license } }] : [{ expression: license }]
}

/** package-url specification, type npm: the `@` of a scope is encoded. */
function purlOf({ name, version }: PackageNotice): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** A UUID of version 8 (RFC 9562), whose bits are up to whoever makes it. */
function uuidFrom(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
