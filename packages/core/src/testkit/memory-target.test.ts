import { test } from 'vitest'
import { memoryTarget } from './memory-target.ts'
import { testTarget } from './target.ts'

const target = memoryTarget()
let places = 0

testTarget({ test, target, create: async () => ({ options: { place: `${places++}` } }) })
