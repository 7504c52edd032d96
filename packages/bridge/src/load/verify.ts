import { BootError } from '../boot-error.ts'
import { digestOf, type Manifest } from '../manifest/index.ts'
import { ManifestError, parseManifest } from '../manifest/schema.ts'

/** @throws BootError if the bytes are no manifest this Bridge can serve. */
export function readManifest(bytes: Uint8Array): Manifest {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new BootError('manifest_invalid', 'manifest.json is not JSON.', 'Build the bundle again with `stk bundle`.', { cause: error })
  }
  try {
    return parseManifest(value)
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    throw new BootError(error.code, error.message, FIXES[error.code], { cause: error })
  }
}

const FIXES: Readonly<Record<ManifestError['code'], string>> = {
  manifest_version: 'Run the Bridge of the Santokit version that built the bundle, or build the bundle again.',
  manifest_invalid: 'Build the bundle again with `stk bundle`.',
  manifest_digest: 'Deploy the bundle as it was built; to change it, change its sources and build again.',
}

/**
 * Holds bundled files against the manifest: each one there, unchanged, and none besides.
 *
 * @throws BootError naming every file that differs.
 */
export function assertFilesMatch(manifest: Manifest, files: ReadonlyMap<string, Uint8Array>): void {
  const listed = new Map(Object.entries(manifest.files))
  const wrong: string[] = []
  for (const [path, entry] of listed) {
    const content = files.get(path)
    if (content === undefined) wrong.push(`missing    bundle/${path}`)
    else if (content.byteLength !== entry.bytes || digestOf(content) !== entry.digest) wrong.push(`changed    bundle/${path}`)
  }
  for (const path of files.keys()) if (!listed.has(path)) wrong.push(`unexpected bundle/${path}`)
  for (const [path, logic] of Object.entries(manifest.logic)) {
    if (logic.kind === 'module' && !listed.has(logic.module)) wrong.push(`unlisted   bundle/${logic.module} (module of ${path})`)
  }
  if (wrong.length === 0) return
  throw new BootError(
    'bundle_tampered', `The bundle's files are not the ones its manifest was built with:\n${wrong.join('\n')}`,
    'Deploy the bundle as it was built; to change it, change its sources and build again.',
  )
}
