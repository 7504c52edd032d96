import type { Target } from '@santokit/core'
import { testSecretSink, testTarget } from '@santokit/core/testkit'
import { describe, test } from 'vitest'
import type { WorkerPackage } from '../src/bundle/package.ts'
import type { WorkerSettings } from '../src/options.ts'
import { releaseWorker } from '../src/release/release.ts'
import { workerTarget } from '../src/target.ts'
import { quickDeployer } from './quick-deployer.ts'
import { createWorld } from './world.ts'

const target: Target<WorkerSettings, WorkerPackage> = { ...workerTarget, release: (plan, pkg, ctx) => releaseWorker(plan, pkg, ctx, quickDeployer) }

describe('a Worker', () => {
  testTarget({ test, target, create: createWorld })
})

describe('its secrets', () => {
  testSecretSink({ test, target, create: createWorld })
})
