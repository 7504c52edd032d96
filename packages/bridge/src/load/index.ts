import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { BootError } from '../boot-error.ts'
import type { Log } from '../logic.ts'
import { digestOf, type Manifest } from '../manifest/index.ts'
import { type Environment, readSetting } from '../settings/index.ts'
import { unpackBundle } from './archive.ts'
import { download, shownUrl, tooLarge } from './download.ts'
import { placeFiles, readFolder, removeFolder } from './place.ts'
import { downloadFromS3 } from './s3.ts'
import { assertFilesMatch, readManifest } from './verify.ts'

/** A bundle whose every byte has been checked against its manifest. */
export interface LoadedBundle {
  readonly manifest: Manifest
  /** Where it came from, as it may be shown. */
  readonly origin: string
  /** The importable address of a bundled module. */
  moduleUrl(path: string): string
  /** Removes what was unpacked. */
  dispose(): Promise<void>
}

const DEFAULT_MANIFEST = '/app/manifest.json'
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024

/**
 * Loads the bundle from `BUNDLE_URL`, else `BUNDLE_PATH`, else `MANIFEST_PATH`.
 *
 * @throws BootError
 */
export async function loadBundle(env: Environment, log: Log): Promise<LoadedBundle> {
  const url = readSetting(env, 'BUNDLE_URL')
  if (url !== undefined) return loadFromUrl(url, env, log)
  const path = readSetting(env, 'BUNDLE_PATH')
  if (path !== undefined) return loadFromPath(resolve(path), env)
  return loadInPlace(resolve(readSetting(env, 'MANIFEST_PATH') ?? DEFAULT_MANIFEST))
}

async function loadFromUrl(text: string, env: Environment, log: Log): Promise<LoadedBundle> {
  if (!URL.canParse(text)) throw new BootError('bad_setting', 'BUNDLE_URL is not a URL.', 'Give an https, s3 or file address.')
  const url = new URL(text)
  const maxBytes = readMaxBytes(env)
  const origin = shownUrl(url)
  if (!isPinned(env)) {
    log.warn('BUNDLE_SHA256 is not set: whoever can write to BUNDLE_URL decides what runs here', { origin })
  }
  const archive = await fetchArchive(url, env, maxBytes)
  assertPinned(archive, env, origin)
  return loadArchive(archive, origin, maxBytes)
}

async function fetchArchive(url: URL, env: Environment, maxBytes: number): Promise<Uint8Array> {
  switch (url.protocol) {
    case 'https:':
    case 'http:':
      return download(url, { maxBytes })
    case 's3:':
      return downloadFromS3(url, env, maxBytes)
    case 'file:':
      return readArchive(fileURLToPath(url), 'BUNDLE_URL', maxBytes)
    default:
      throw new BootError('bad_setting', `BUNDLE_URL begins with ${url.protocol}`, 'Give an https, s3 or file address.')
  }
}

async function loadFromPath(path: string, env: Environment): Promise<LoadedBundle> {
  const found = await stat(path).catch((error: unknown) => { throw unreadable('BUNDLE_PATH', path, error) })
  if (!found.isDirectory()) {
    const maxBytes = readMaxBytes(env)
    const archive = await readArchive(path, 'BUNDLE_PATH', maxBytes)
    assertPinned(archive, env, path)
    return loadArchive(archive, path, maxBytes)
  }
  if (isPinned(env)) {
    throw new BootError(
      'bad_setting', 'BUNDLE_SHA256 pins an archive, but BUNDLE_PATH names a folder.',
      'Point BUNDLE_PATH to santokit-bundle.tgz, or remove BUNDLE_SHA256.',
    )
  }
  return loadInPlace(join(path, 'manifest.json'))
}

/** The bundle's files stand beside `manifestPath`, in `bundle/`. */
async function loadInPlace(manifestPath: string): Promise<LoadedBundle> {
  const bytes = await readFile(manifestPath).catch((error: unknown) => { throw unreadable('MANIFEST_PATH', manifestPath, error) })
  const manifest = readManifest(bytes)
  const folder = join(dirname(manifestPath), 'bundle')
  assertFilesMatch(manifest, await readFolder(folder))
  return { manifest, origin: manifestPath, moduleUrl: (path) => pathToFileURL(join(folder, path)).href, dispose: async () => {} }
}

async function loadArchive(archive: Uint8Array, origin: string, maxBytes: number): Promise<LoadedBundle> {
  const { manifest: bytes, files } = await unpackBundle(archive, maxBytes)
  const manifest = readManifest(bytes)
  assertFilesMatch(manifest, files)
  const folder = await placeFiles(files)
  return {
    manifest, origin,
    moduleUrl: (path) => pathToFileURL(join(folder, path)).href,
    dispose: () => removeFolder(folder),
  }
}

async function readArchive(path: string, setting: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw tooLarge(maxBytes)
    return await readFile(path)
  } catch (error) {
    if (error instanceof BootError) throw error
    throw unreadable(setting, path, error)
  }
}

function isPinned(env: Environment): boolean {
  return readSetting(env, 'BUNDLE_SHA256') !== undefined
}

function assertPinned(archive: Uint8Array, env: Environment, origin: string): void {
  const pin = readSetting(env, 'BUNDLE_SHA256')
  if (pin === undefined) return
  const expected = `sha256:${pin.replace(/^sha256:/, '').toLowerCase()}`
  if (!/^sha256:[0-9a-f]{64}$/.test(expected)) {
    throw new BootError('bad_setting', 'BUNDLE_SHA256 is not a SHA-256.', 'Give 64 hexadecimal digits, with or without "sha256:".')
  }
  const found = digestOf(archive)
  if (found === expected) return
  throw new BootError(
    'bundle_tampered', `The bundle from ${origin} is not the pinned one.\nexpected ${expected}\nfound    ${found}`,
    'Set BUNDLE_SHA256 to the checksum that `stk bundle` printed, or serve that bundle.',
  )
}

function readMaxBytes(env: Environment): number {
  const text = readSetting(env, 'BUNDLE_MAX_BYTES')
  if (text === undefined) return DEFAULT_MAX_BYTES
  const bytes = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (bytes > 0) return bytes
  throw new BootError('bad_setting', `BUNDLE_MAX_BYTES is ${JSON.stringify(text)}.`, 'Give a number of bytes.')
}

function unreadable(setting: string, path: string, error: unknown): BootError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return new BootError(
    'bundle_missing', `${path} (${setting}) cannot be read: ${code}.`,
    'Set BUNDLE_URL, BUNDLE_PATH or MANIFEST_PATH to where the bundle is.', { cause: error },
  )
}
