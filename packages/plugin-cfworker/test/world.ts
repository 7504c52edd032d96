import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SinkWorld } from '@santokit/core/testkit'
import { expect } from 'vitest'
import { FakeCloudflare } from './cloudflare/cloudflare.ts'

const TOKEN = 'canary-cloudflare-token'

export interface CloudflareWorld extends SinkWorld {
  readonly cloudflare: FakeCloudflare
}

/** An account without Workers, to which the real wrangler uploads. */
export async function createWorld(): Promise<CloudflareWorld> {
  const cloudflare = await FakeCloudflare.start({ token: TOKEN })
  const root = await mkdtemp(join(tmpdir(), 'santokit-cfworker-'))
  return {
    cloudflare,
    root,
    options: optionsFor(cloudflare),
    credentials: { CLOUDFLARE_API_TOKEN: TOKEN },
    secretValues: () => cloudflare.workers.get('shop')?.secrets() ?? {},
    breakDown: ({ status, after = 0 }) => { cloudflare.faults = [{ request: '/workers/', status, after, retryAfter: 0 }] },
    mend: () => { cloudflare.faults = [] },
    async cleanup() {
      await cloudflare.close()
      await rm(root, { recursive: true, force: true })
      expect(cloudflare.violations).toEqual([])
    },
  }
}

/** What stands in a config for a Worker of this account. */
export function optionsFor(cloudflare: FakeCloudflare, name = 'shop'): Record<string, unknown> {
  return { name, account: cloudflare.account, apiUrl: cloudflare.origin, health: cloudflare.served(name), healthTimeout: '5s' }
}
