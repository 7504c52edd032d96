import { describe, expect, test } from 'vitest'
import { platformCheckout } from './platform.ts'
import { atTerminal, KEYS } from './terminal.ts'

const URL_VALUE = 'libsql://canary-host.example?authToken=canary-in-url'
const TOKEN_VALUE = 'canary-token-of-database'

describe('stk secrets diff', () => {
  test('tells missing, optional, unmanaged and present apart, by names alone', async () => {
    const { repository, platform, env } = await platformCheckout('shelf')
    platform.apps.set('notes', { version: 0, secrets: new Map([['OLD_KEY', 'canary-old']]), releases: [] })
    const before = await repository.spawnStk(['secrets', 'diff', '--target', 'edge'], env).ended
    expect(before.code).toBe(1)
    expect(before.stdout).toMatch(/✖ DATABASE_URL {2}missing\n/)
    expect(before.stdout).toMatch(/DATABASE_TOKEN {2}not set, optional/)
    expect(before.stdout).toMatch(/! OLD_KEY {2}unmanaged/)
    expect(before.stdout).toContain('stk secrets push --project notes --target edge --only DATABASE_URL')
    platform.apps.get('notes')!.secrets.set('DATABASE_URL', 'x')
    const after = await repository.spawnStk(['secrets', 'diff', '--json'], env).ended
    expect(after.code).toBe(0)
    expect(after.events).toEqual([{
      type: 'result', ok: true,
      targets: [{ project: 'notes', target: 'edge', unreleased: false, present: ['DATABASE_URL'], missing: [], optional: ['DATABASE_TOKEN'], unmanaged: ['OLD_KEY'] }],
    }])
    // It asked for names, and the values that it has no business with were not needed.
    expect(new Set(platform.requests)).toEqual(new Set(['GET /shelves/notes']))
  })

  test('where nothing has been released yet, says that the first release sets them', async () => {
    const { repository, env } = await platformCheckout('app')
    const ran = await repository.spawnStk(['secrets', 'diff'], env).ended
    expect(ran.stdout).toContain('missing; the first release sets it')
    const pushed = await repository.spawnStk(['secrets', 'push', '--yes'], env).ended
    expect(pushed).toMatchObject({ code: 1 })
    expect(pushed.stderr).toMatch(/STK3011[\s\S]*stk release --project notes --target edge/)
  })

  test('a target without a sink says what its platform must inject', async () => {
    const { repository } = await platformCheckout('shelf')
    await repository.write('santokit.config.ts', (await repository.read('santokit.config.ts')).replace(/targets: \{ edge: .*\n/, "targets: { edge: { type: 'plain' } },\n")
      .replace('{ name: \'platform\'', "{ name: 'plain', targets: [{ ...appTarget, type: 'plain', options: (await import('zod')).z.any(), secrets: undefined }] }, { name: 'platform'"))
    for (const action of ['diff', 'push']) {
      const ran = await repository.stk('secrets', action, '--target', 'edge')
      expect(ran).toMatchObject({ code: 2 })
      expect(ran.stderr).toMatch(/STK3010[\s\S]*stk secrets template --format k8s-secret/)
    }
  })
})

describe('stk secrets push', () => {
  test('without a terminal and without --yes nothing changes', async () => {
    const { repository, platform, env, names } = await platformCheckout('shelf')
    const files = await repository.files()
    for (const args of [[], ['--prune'], ['--json'], ['--dry-run']]) {
      const ran = await repository.spawnStk(['secrets', 'push', ...args], env).ended
      expect(ran.code).toBe(args.includes('--dry-run') ? 0 : 2)
      if (args.length === 0) expect(ran.stderr).toMatch(/STK1021[\s\S]*Nothing was changed[\s\S]*--yes/)
    }
    expect(names()).toEqual([])
    expect(platform.requests.filter((request) => !request.startsWith('GET'))).toEqual([])
    expect(await repository.files()).toEqual(files)
  })

  test('sets what is declared, shows what is added and overwritten, and leaves what nobody declared', async () => {
    const { repository, platform, env } = await platformCheckout('shelf')
    platform.apps.set('notes', { version: 0, secrets: new Map([['DATABASE_URL', 'canary-before'], ['OLD_KEY', 'canary-old']]), releases: [] })
    const ran = await repository.spawnStk(['secrets', 'push', '--yes'], { ...env, DATABASE_TOKEN: TOKEN_VALUE }).ended
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/add +DATABASE_TOKEN\n +overwrite +DATABASE_URL\n +unmanaged +OLD_KEY/)
    expect(platform.valuesOf('notes')).toEqual({ DATABASE_URL: URL_VALUE, DATABASE_TOKEN: TOKEN_VALUE, OLD_KEY: 'canary-old' })
    expect(ran.stdout).not.toContain('canary')
  })

  test('--only sets these names alone, and refuses one that nobody declares', async () => {
    const { repository, env, names } = await platformCheckout('shelf')
    expect(await repository.spawnStk(['secrets', 'push', '--yes', '--only', 'DATABASE_TOKEN'], { ...env, DATABASE_TOKEN: TOKEN_VALUE }).ended).toMatchObject({ code: 0 })
    expect(names()).toEqual(['DATABASE_TOKEN'])
    const unknown = await repository.spawnStk(['secrets', 'push', '--yes', '--only', 'DATABASE_URI'], env).ended
    expect(unknown).toMatchObject({ code: 2 })
    expect(unknown.stderr).toContain('Did you mean "DATABASE_URL"?')
    // What is asked for by name must be there, optional or not.
    expect(await repository.spawnStk(['secrets', 'push', '--yes', '--only', 'DATABASE_TOKEN'], env).ended).toMatchObject({ code: 1 })
  })

  test('one value that cannot be read, or has a wrong form, stops all of it', async () => {
    const { repository, platform, env } = await platformCheckout('shelf')
    const { DATABASE_URL: _, ...without } = env
    const missing = await repository.spawnStk(['secrets', 'push', '--yes'], { ...without, DATABASE_TOKEN: TOKEN_VALUE }).ended
    expect(missing).toMatchObject({ code: 1 })
    expect(missing.stderr).toMatch(/STK3001[\s\S]*DATABASE_URL/)
    const wrong = await repository.spawnStk(['secrets', 'push', '--yes'], { ...env, DATABASE_URL: 'mysql://canary-host/shop' }).ended
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.stderr).toContain('STK3013')
    expect(wrong.stdout + wrong.stderr).not.toContain('canary')
    expect(platform.requests.filter((request) => !request.startsWith('GET'))).toEqual([])
  })

  test('--prune removes what nobody declared, only with --yes or a yes of its own', async () => {
    const { repository, platform, env, names } = await platformCheckout('shelf')
    platform.apps.set('notes', { version: 0, secrets: new Map([['OLD_KEY', 'x'], ['OLDER_KEY', 'y']]), releases: [] })
    expect(await repository.spawnStk(['secrets', 'push', '--yes'], env).ended).toMatchObject({ code: 0 })
    expect(names()).toEqual(['DATABASE_URL', 'OLDER_KEY', 'OLD_KEY'])
    const pruned = await repository.spawnStk(['secrets', 'push', '--yes', '--prune'], env).ended
    expect(pruned.stdout).toMatch(/remove +OLDER_KEY\n +remove +OLD_KEY/)
    expect(names()).toEqual(['DATABASE_URL'])
  })

  test('a failure in the middle says how far it came, and the next run finishes', async () => {
    const { repository, platform, env, names } = await platformCheckout('shelf')
    const all = { ...env, DATABASE_TOKEN: TOKEN_VALUE }
    platform.failures = [{ request: 'PUT', status: 500, after: 1 }]
    const failed = await repository.spawnStk(['secrets', 'push', '--yes'], all).ended
    expect(failed).toMatchObject({ code: 1 })
    expect(failed.stderr).toMatch(/STK4008[\s\S]*Set so far: DATABASE_TOKEN\. Run it again to finish\./)
    platform.failures = []
    expect(await repository.spawnStk(['secrets', 'push', '--yes'], all).ended).toMatchObject({ code: 0 })
    expect(names()).toEqual(['DATABASE_TOKEN', 'DATABASE_URL'])
  })

  test('refuses when somebody else set a name between the question and the answer', async () => {
    const { repository, platform, env } = await platformCheckout('shelf')
    let looks = 0
    platform.before = (request) => {
      if (request.startsWith('GET') && ++looks === 2) platform.apps.set('notes', { version: 0, secrets: new Map([['DATABASE_URL', 'theirs']]), releases: [] })
    }
    const ran = await repository.spawnStk(['secrets', 'push', '--yes'], env).ended
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stderr).toContain('STK3014')
    expect(platform.valuesOf('notes')).toEqual({ DATABASE_URL: 'theirs' })
  })

  test('an option that would have no effect is refused', async () => {
    const { repository, env } = await platformCheckout('shelf')
    for (const args of [['diff', '--prune'], ['check', '--yes'], ['template', '--only', 'A'], ['push', '--format', 'dotenv'], ['check', '--target', 'edge']]) {
      expect(await repository.spawnStk(['secrets', ...args], env).ended).toMatchObject({ code: 2 })
    }
  })
})

describe('at a terminal', () => {
  const push = async (...args: string[]) => {
    const world = await platformCheckout('shelf')
    world.platform.apps.set('notes', { version: 0, secrets: new Map([['OLD_KEY', 'canary-old']]), releases: [] })
    return { ...world, person: atTerminal(['secrets', 'push', ...args], { cwd: world.repository.root, env: world.env }) }
  }

  test('the names are shown before the question, and a yes sets them', async () => {
    const { person, names } = await push()
    await person.answer('Set 1 secret on notes → edge?', KEYS.yes)
    expect(await person.ended).toBe(0)
    expect(person.screen().indexOf('add        DATABASE_URL')).toBeLessThan(person.screen().indexOf('Set 1 secret'))
    expect(person.screen()).not.toContain('canary')
    expect(names()).toEqual(['DATABASE_URL', 'OLD_KEY'])
  })

  test.each([['Ctrl-C', KEYS.interrupt, 130], ['Escape', KEYS.escape, 130], ['a no', KEYS.no, 2], ['Enter, which means no', KEYS.enter, 2]])('%s changes nothing', async (_, keys, code) => {
    const { person, platform, names } = await push()
    await person.answer('Set 1 secret', keys)
    expect(await person.ended).toBe(code)
    expect(names()).toEqual(['OLD_KEY'])
    expect(platform.requests.filter((request) => !request.startsWith('GET'))).toEqual([])
  })

  test('what is removed is asked for by itself, and a no to that keeps it', async () => {
    const { person, names } = await push('--prune')
    await person.answer('Set 1 secret', KEYS.yes)
    await person.answer('Remove OLD_KEY from notes → edge? This cannot be taken back.', KEYS.no)
    expect(await person.ended).toBe(0)
    expect(names()).toEqual(['DATABASE_URL', 'OLD_KEY'])
  })

  test('Ctrl-C at the second question changes nothing, either', async () => {
    const { person, names } = await push('--prune')
    await person.answer('Set 1 secret', KEYS.yes)
    await person.answer('Remove OLD_KEY', KEYS.interrupt)
    expect(await person.ended).toBe(130)
    expect(names()).toEqual(['OLD_KEY'])
  })

  test('two times yes removes it', async () => {
    const { person, names } = await push('--prune')
    await person.answer('Set 1 secret', KEYS.yes)
    await person.answer('Remove OLD_KEY', KEYS.yes)
    expect(await person.ended).toBe(0)
    expect(names()).toEqual(['DATABASE_URL'])
  })
})

describe('a release', () => {
  test('stops before it touches the platform when a required name is absent there, and says what sets it', async () => {
    const { repository, platform, env } = await platformCheckout('shelf')
    const ran = await repository.spawnStk(['release', '--yes', '--env', 'staging'], env).ended
    expect(ran).toMatchObject({ code: 1 })
    const line = /fix +(stk secrets push .*)/.exec(ran.stdout)?.[1]
    expect(line).toBe('stk secrets push --project notes --target edge --env staging --only DATABASE_URL')
    expect(new Set(platform.requests)).toEqual(new Set(['GET /shelves/notes']))
    // The line does what it says.
    expect(await repository.spawnStk([...line!.split(' ').slice(1), '--yes'], env).ended).toMatchObject({ code: 0 })
    expect(await repository.spawnStk(['release', '--yes', '--env', 'staging'], env).ended).toMatchObject({ code: 0 })
  })

  test('brings the secrets along where a platform has no place for them before, after showing their names', async () => {
    const { repository, platform, env } = await platformCheckout('app')
    const dry = await repository.spawnStk(['release', '--dry-run'], env).ended
    expect(dry.stdout).toMatch(/create +secret DATABASE_URL/)
    expect(platform.apps.size).toBe(0)
    const person = atTerminal(['release'], { cwd: repository.root, env })
    await person.answer('Release notes → edge?', KEYS.interrupt)
    expect(await person.ended).toBe(130)
    expect(platform.apps.size).toBe(0)
    expect(await repository.spawnStk(['release', '--yes'], env).ended).toMatchObject({ code: 0 })
    expect(platform.valuesOf('notes')).toEqual({ DATABASE_URL: URL_VALUE })
    // From then on what is there is left alone, and need not be known.
    platform.apps.get('notes')!.secrets.set('DATABASE_URL', 'changed by hand')
    const again = await repository.spawnStk(['release', '--yes'], { PLATFORM_TOKEN: env.PLATFORM_TOKEN! }).ended
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain('already live')
    expect(platform.valuesOf('notes')).toEqual({ DATABASE_URL: 'changed by hand' })
  })

  test('--push-secrets sends them with a later release, too', async () => {
    const { repository, platform, env } = await platformCheckout('app')
    await repository.spawnStk(['release', '--yes'], env).ended
    const ran = await repository.spawnStk(['release', '--yes', '--push-secrets'], { ...env, DATABASE_TOKEN: TOKEN_VALUE }).ended
    expect(ran).toMatchObject({ code: 0 })
    expect(platform.valuesOf('notes')).toEqual({ DATABASE_URL: URL_VALUE, DATABASE_TOKEN: TOKEN_VALUE })
    const apart = await platformCheckout('shelf')
    const refused = await apart.repository.spawnStk(['release', '--yes', '--push-secrets'], apart.env).ended
    expect(refused.stdout).toMatch(/STK3011[\s\S]*stk secrets push --project notes --target edge/)
  })

  test('a first release whose values cannot be read changes nothing', async () => {
    const { repository, platform, env } = await platformCheckout('app')
    const ran = await repository.spawnStk(['release', '--yes'], { PLATFORM_TOKEN: env.PLATFORM_TOKEN! }).ended
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.stdout).toMatch(/STK3004[\s\S]*DATABASE_URL[\s\S]*nothing was changed/)
    expect(platform.apps.size).toBe(0)
  })
})

describe('stk secrets check', () => {
  test('names who is signed in, and shows the type of what is malformed', async () => {
    const { repository, env } = await platformCheckout('shelf', {
      plugins: `{ name: 'vault', secretProviders: [{
        scheme: 'vault', parseRef() {}, preflight: async () => ({ identity: 'ci@acme', mode: 'token', quota: '812 of 1,000 reads left' }),
        resolveMany: async (refs) => new Map(refs.map((ref) => [ref, { failure: 'item-not-found', why: 'The vault has no such entry.' }])),
      }] }`,
      secrets: "{ DATABASE_TOKEN: 'vault:token' }",
    })
    const ran = await repository.spawnStk(['secrets', 'check'], { ...env, DATABASE_URL: 'canary' }).ended
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('vault:  ci@acme, token, 812 of 1,000 reads left')
    expect(ran.stdout).toMatch(/✖ DATABASE_URL +malformed/)
    expect(ran.stdout).toMatch(/✔ DATABASE_TOKEN +optional-missing/)
    expect(ran.stdout).not.toContain('canary')
  })
})
