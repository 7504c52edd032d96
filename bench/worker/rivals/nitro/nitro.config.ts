import { defineNitroConfig } from 'nitro/config'

export default defineNitroConfig({
  preset: 'cloudflare-module',
  compatibilityDate: '2026-05-03',
  srcDir: '.',
  cloudflare: { nodeCompat: true, deployConfig: true },
  // pg asks for it, and does without.
  alias: { 'pg-native': new URL('nothing.mjs', import.meta.url).pathname },
  minify: false,
  sourcemap: false,
})
