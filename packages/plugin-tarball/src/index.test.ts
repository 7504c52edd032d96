import { defineConfig, type Plugin } from '@santokit/core'
import { expect, test } from 'vitest'
import tarball from './index.ts'

test('offers the target type tarball', () => {
  const plugin: Plugin = tarball()
  expect(plugin.name).toBe('tarball')
  expect(plugin.targets?.map((target) => target.type)).toEqual(['tarball'])
})

test('options are checked where they are written', () => {
  defineConfig({ projects: { shop: { targets: { tarball: { to: 'file:./releases' } } } } })
  defineConfig({ projects: { shop: { targets: { r2: { type: 'tarball', to: 's3://bundles/shop', endpoint: 'https://r2.example.com' } } } } })
  // @ts-expect-error -- a place of an unknown kind
  defineConfig({ projects: { shop: { targets: { tarball: { to: 'ftp://host/releases' } } } } })
  // @ts-expect-error -- an option that does not exist
  defineConfig({ projects: { shop: { targets: { tarball: { to: 'file:./releases', keep: 5 } } } } })
})
