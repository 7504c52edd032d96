import { defineConfig, secret } from '@santokit/core'
import tarball from '@santokit/plugin-tarball'

export default defineConfig({
  plugins: [tarball()],
  projects: {
    shop: {
      root: 'playground/shop',
      databases: {
        // Its other alias, `cache`, stands in playground/shop/config/databases.yaml.
        main: { driver: 'pg', url: secret('DATABASE_URL'), pool: { max: 10 }, statementTimeout: '5s' },
      },
      auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'shop', claims: { roles: 'roles' } }] },
      permissions: { 'stock/report': ['admin', 'staff'] },
      baseUrl: 'https://shop.example.com',
      targets: { tarball: { to: 'file:.santokit/releases' } },
    },
    links: {
      root: 'playground/links',
      databases: {
        main: { driver: 'libsql', url: secret('LINKS_URL'), authToken: secret('LINKS_TOKEN', { optional: true }) },
      },
      auth: { issuers: [{ issuer: 'https://accounts.example.com/', audience: 'links' }] },
      baseUrl: 'https://links.example.com',
      targets: { tarball: { to: 'file:.santokit/releases' } },
    },
  },
  environments: {
    staging: {
      projects: {
        shop: { baseUrl: 'https://shop.staging.example.com', databases: { main: { pool: { max: 3 } } } },
        links: { baseUrl: 'https://links.staging.example.com' },
      },
    },
  },
})
