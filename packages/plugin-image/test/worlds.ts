import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TargetContext } from '@santokit/core'
import { targetContext, type TargetContextOptions, type TargetWorld } from '@santokit/core/testkit'
import { afterAll } from 'vitest'
import { imageOptions, type ImageSettings } from '../src/options.ts'
import { writeBase } from './base.ts'
import { startRegistry, type TestRegistry } from './registry/registry.ts'

// Each file of tests has a cache of its own, and leaves the person's alone.
process.env.SANTOKIT_CACHE = await mkdtemp(join(tmpdir(), 'santokit-image-cache-'))
afterAll(() => rm(process.env.SANTOKIT_CACHE ?? '', { recursive: true, force: true }))

export interface ImageWorld extends TargetWorld {
  readonly root: string
  readonly registry: TestRegistry
  readonly options: { readonly repository: string; readonly base: string }
  cleanup(): Promise<void>
}

const USER = 'deployer'
const PASSWORD = 'canary-password-9d42'

/** A registry that wants a password, and a base on disk. */
export async function createWorld(): Promise<ImageWorld> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-image-'))
  await writeBase(join(root, 'base'))
  const registry = await startRegistry()
  const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`
  registry.quirks.authorize = ({ headers }) => (headers.authorization === expected
    ? undefined
    : { status: 401, headers: { 'www-authenticate': 'Basic realm="test"' }, body: '{"errors":[{"code":"UNAUTHORIZED"}]}' })
  return {
    root,
    registry,
    options: { repository: `${registry.host}/acme/shop`, base: 'oci:base' },
    credentials: { REGISTRY_USERNAME: USER, REGISTRY_PASSWORD: PASSWORD },
    async cleanup() {
      await registry.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** A context on a world. */
export function contextOn(
  world: ImageWorld, more: Partial<TargetContextOptions<ImageSettings>> & { readonly settings?: object } = {},
): TargetContext<ImageSettings> {
  const { settings = {}, ...given } = more
  return targetContext({ type: 'image', options: imageOptions.parse({ ...world.options, ...settings }), root: world.root, credentials: world.credentials, ...given })
}
