import { testSecretSink, testTarget } from '@santokit/core/testkit'
import { describe, test } from 'vitest'
import { workerTarget } from '../src/target.ts'
import { createWorld } from './world.ts'

// The suites once more, with wrangler itself: a hundred uploads of a second each.

describe('a Worker, uploaded by wrangler', () => {
  testTarget({ test, target: workerTarget, create: createWorld })
})

describe('its secrets', () => {
  testSecretSink({ test, target: workerTarget, create: createWorld })
})
