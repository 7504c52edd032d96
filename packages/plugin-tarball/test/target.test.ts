import { testTarget } from '@santokit/core/testkit'
import { describe, test } from 'vitest'
import { tarballTarget } from '../src/target.ts'
import { createFolder, createGitHub, createS3 } from './worlds.ts'

describe('in a folder', () => testTarget({ test, target: tarballTarget, create: createFolder }))
describe('in a bucket', () => testTarget({ test, target: tarballTarget, create: createS3 }))
describe('on GitHub', () => testTarget({ test, target: tarballTarget, create: createGitHub }))
