import { testSecretSink, testTarget } from '@santokit/core/testkit'
import { describe, test } from 'vitest'
import { workerTarget } from '../src/target.ts'
import { createWorld } from './world.ts'

describe('a Worker, uploaded by the real wrangler', () => {
  testTarget({ test, target: workerTarget, create: createWorld })
})

describe('its secrets', () => {
  testSecretSink({ test, target: workerTarget, create: createWorld })
})
