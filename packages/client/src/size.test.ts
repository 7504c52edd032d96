import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { transform } from 'oxc-transform'
import { rollup } from 'rollup'
import { expect, test } from 'vitest'

test('the client is smaller than 2 kB, compressed, and imports nothing', async () => {
  const build = await rollup({
    input: fileURLToPath(new URL('index.ts', import.meta.url)),
    plugins: [{ name: 'types away', async transform(code, id) { return (await transform(id, code)).code } }],
  })
  const { output: [{ code, imports }] } = await build.generate({ format: 'es' })
  // Without white space at the ends of lines and without comments: less than any minifier does.
  const bare = code.replaceAll(/^\s*(?:\/\*[^]*?\*\/|\/\/.*)\s*$/gm, '').replaceAll(/^\s+/gm, '')
  expect(imports).toEqual([])
  expect(gzipSync(bare, { level: 9 }).length).toBeLessThan(2048)
})
