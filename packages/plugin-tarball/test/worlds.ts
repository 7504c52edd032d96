import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TargetContext } from '@santokit/core'
import { targetContext, type TargetContextOptions, type TargetWorld } from '@santokit/core/testkit'
import { tarballOptions, type Destination } from '../src/options.ts'
import { startGitHub, type GitHubServer } from './github.ts'
import { startS3, type S3Server } from './s3.ts'

export interface FolderWorld extends TargetWorld { readonly root: string }
export interface S3World extends TargetWorld { readonly server: S3Server }
export interface GitHubWorld extends TargetWorld { readonly server: GitHubServer }

export async function createFolder(): Promise<FolderWorld & { cleanup(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'santokit-releases-'))
  return { root, options: { to: 'file:./releases' }, cleanup: () => rm(root, { recursive: true, force: true }) }
}

export async function createS3(): Promise<S3World & { cleanup(): Promise<void> }> {
  const keys = { accessKeyId: 'AKIA-CANARY-77f1', secretAccessKey: 'canary/secret+key=5e0b', sessionToken: 'canary-session-9d42' }
  const server = await startS3({ bucket: 'bundles', region: 'auto', ...keys })
  return {
    server,
    options: { to: 's3://bundles/acme/prod', endpoint: server.origin },
    credentials: { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey, AWS_SESSION_TOKEN: keys.sessionToken },
    cleanup: () => server.close(),
  }
}

export async function createGitHub(): Promise<GitHubWorld & { cleanup(): Promise<void> }> {
  const token = 'ghp_canary_3b9a77'
  const server = await startGitHub({ repository: 'acme/shop', token })
  return { server, options: { to: 'github:acme/shop', apiUrl: server.apiUrl }, credentials: { GITHUB_TOKEN: token }, cleanup: () => server.close() }
}

/** A context on a world. */
export function contextOn(world: TargetWorld, more: Partial<TargetContextOptions<Destination>> = {}): TargetContext<Destination> {
  return targetContext({ type: 'tarball', options: tarballOptions.parse(world.options), root: world.root, credentials: world.credentials, ...more })
}
