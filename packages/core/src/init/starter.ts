import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'pathe'
import { StkError, throwAll } from '../diagnostics/index.ts'
import { VERSION } from '../version.ts'

/**
 * Writes a first project: one table, one SQL and one TypeScript logic, and a config that releases to a folder.
 *
 * @returns the files written, relative to `root`.
 * @throws StkError STK1020 for a bad name or if any of the files is there already; then nothing is written.
 */
export async function writeStarter(root: string, project: string): Promise<readonly string[]> {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(project)) {
    throw new StkError('STK1020', { why: `"${project}" cannot be a project's name.`, fix: 'Use lower-case letters, digits and dashes: stk init my-shop' })
  }
  const files = starterFiles(project)
  if (!(await exists(join(root, 'package.json')))) files.set('package.json', packageJson(project))
  if (!(await exists(join(root, 'tsconfig.json')))) files.set('tsconfig.json', TSCONFIG)
  const ignore = await ignoreFile(root)
  const taken = (await Promise.all([...files.keys()].map(async (file) => ((await exists(join(root, file))) ? file : undefined)))).filter((file) => file !== undefined)
  throwAll(taken.map((file) => new StkError('STK1020', { why: `${file} is there already, and stk init overwrites nothing.`, fix: 'Move it away, or init in an empty folder.' })))
  if (ignore !== undefined) files.set('.gitignore', ignore)
  for (const [file, text] of files) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  return [...files.keys()]
}

function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false)
}

/** The lines that a checkout must not hold, added to what is there. */
async function ignoreFile(root: string): Promise<string | undefined> {
  const text = await readFile(join(root, '.gitignore'), 'utf8').catch(() => '')
  const present = text.split(/\r?\n/)
  const missing = ['node_modules/', 'dist/', '.santokit/', '.env'].filter((line) => !present.includes(line) && !present.includes(line.replace(/\/$/, '')))
  if (missing.length === 0) return undefined
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`
}

/** For editors, and `npm run types`: nothing is ever compiled with it. */
const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2022",
    "module": "NodeNext",
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true
  },
  "include": ["*.ts", "projects"]
}
`

function packageJson(project: string): string {
  return `${JSON.stringify({
    name: project,
    private: true,
    type: 'module',
    scripts: { dev: 'stk dev', build: 'stk build', release: 'stk release', types: 'tsc' },
    dependencies: { '@santokit/bridge': `^${VERSION}`, zod: '^4.6.7' },
    devDependencies: { '@santokit/core': `^${VERSION}`, '@santokit/plugin-tarball': `^${VERSION}`, typescript: '^5.9.3' },
  }, undefined, 2)}\n`
}

function starterFiles(project: string): Map<string, string> {
  const folder = `projects/${project}`
  return new Map([
    ['santokit.config.ts', `import { defineConfig, secret } from '@santokit/core'
import tarball from '@santokit/plugin-tarball'

export default defineConfig({
  plugins: [tarball()],
  projects: {
    ${/^[a-z0-9]+$/.test(project) && !/^\d/.test(project) ? project : `'${project}'`}: {
      root: '${folder}',
      databases: {
        main: { driver: 'libsql', url: secret('DATABASE_URL') },
      },
      // Who may log in: add your issuer here, then drop "access: public" from the logic.
      auth: { issuers: [] },
      targets: {
        tarball: { to: 'file:releases' },
      },
    },
  },
})
`],
    [`${folder}/schema/main.sql`, `create table notes (
  id integer primary key,
  text text not null,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
`],
    [`${folder}/seed/main.sql`, `insert into notes (text) values ('Hello from your first Bridge.');
`],
    [`${folder}/logic/notes/list.sql`, `---
access: public
description: The newest notes.
params:
  limit: { type: int, default: 20, min: 1, max: 100 }
---
select id, text, created_at from notes order by id desc limit :limit
`],
    [`${folder}/logic/notes/add.ts`, `import { defineLogic } from '@santokit/bridge'
import { z } from 'zod'

export default defineLogic({
  access: 'public',
  description: 'Adds a note.',
  params: z.object({ text: z.string().trim().min(1).max(500) }),
  returns: z.object({ id: z.number() }),
  async handler({ params, db }) {
    const row = await db.main.row<{ id: number }>('insert into notes (text) values (?) returning id', [params.text])
    return { id: row?.id ?? 0 }
  },
})
`],
  ])
}
