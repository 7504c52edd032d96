import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'

const { version } = JSON.parse(readFileSync(new URL('../../packages/core/package.json', import.meta.url), 'utf8'))

/** The manual: every page of docs/, in the order somebody meets them. */
export default defineConfig({
  title: 'Santokit',
  description: 'Turns a folder of SQL and TypeScript into a running backend per project, and ships it to the platform that the project names.',
  // A manual that is not served from the root of a host says where: DOCS_BASE=/santokit/ npm run docs
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: true,
  lastUpdated: false,
  cacheDir: './docs/.vitepress/node_modules/.cache',
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Config', link: '/reference/config' },
      { text: 'CLI', link: '/reference/cli' },
      { text: 'Errors', link: '/errors/' },
      { text: `v${version}`, link: '/dependencies' },
    ],
    sidebar: [
      group('Begin', [['Santokit', '/'], ['Start', '/start'], ['Concepts', '/concepts'], ['Leaving a hub', '/leaving-a-hub']]),
      group('Write', [['Config', '/config'], ['Logic', '/logic'], ['Types', '/types'], ['Auth', '/auth'], ['Secrets', '/secrets'], ['Secrets from 1Password', '/secrets-1password'],
        ['Schema', '/schema'], ['Atlas', '/schema-atlas']]),
      group('Develop', [['stk dev', '/dev'], ['Client', '/client']]),
      group('Ship', [['Plan', '/plan'], ['Image', '/targets/image'], ['Cloudflare Worker', '/targets/cfworker'], ['Tarball', '/targets/tarball'], ['Doctor', '/doctor']]),
      group('Run', [['The Bridge', '/bridge'], ['Watching a Bridge', '/observability'], ['Performance', '/performance']]),
      group('Reference', [['Config', '/reference/config'], ['Options of plugins', '/reference/options'], ['CLI', '/reference/cli'], ['Errors', '/errors/']]),
      group('Extend', [['Plugins', '/plugins'], ['Architecture', '/architecture'], ['Dependencies', '/dependencies']]),
      group('Decisions', [['Overview', '/decisions/'], ['A tool, not a service', '/decisions/a-tool-not-a-service'], ['External issuers', '/decisions/external-issuers'], ['Secrets stay on the platform', '/decisions/secrets-on-the-platform'],
        ['A release is a digest', '/decisions/release-is-a-digest'], ['One Bridge per project', '/decisions/one-bridge-per-project']]),
    ],
  },
})

/** `tests/docs/links.test.ts` holds that every page is in one, and that each is there. */
function group(text, pages) {
  return { text, items: pages.map(([title, link]) => ({ text: title, link })) }
}
