import { testTarget } from '@santokit/core/testkit'
import { test } from 'vitest'
import { imageTarget } from '../src/target.ts'
import { createWorld } from './worlds.ts'

testTarget({ test, target: imageTarget, create: createWorld })
