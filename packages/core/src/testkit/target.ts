import assert from 'node:assert/strict'
import { digestOf } from '@santokit/bridge/manifest'
import type { Artifact } from '../artifact/artifact.ts'
import { isStkError } from '../diagnostics/index.ts'
import type { ReleasePlan, Target } from '../plugin/contract.ts'
import { appearances, encodings } from './appearances.ts'
import { sampleBundle } from './sample-bundle.ts'
import { remembered, TargetBench, type TargetWorld } from './target-bench.ts'

/** A target under test, and the platforms it is given. */
export interface TargetSuite<Options, Package extends Artifact> {
  /** Declares a test: `test` of vitest, `node:test`, jest, … */
  readonly test: (name: string, body: () => Promise<void>) => unknown
  readonly target: Target<Options, Package>
  /** An empty platform. Called for each test. */
  readonly create: () => Promise<TargetWorld>
}

/**
 * Declares the tests that every target must pass.
 *
 * @example
 * testTarget({
 *   test,
 *   target: folderTarget,
 *   async create() {
 *     const root = await mkdtemp(join(tmpdir(), 'releases-'))
 *     return { options: { to: 'file:.' }, root, cleanup: () => rm(root, { recursive: true }) }
 *   },
 * })
 */
export function testTarget<Options, Package extends Artifact>(suite: TargetSuite<Options, Package>): void {
  const { target } = suite
  const declare = (name: string, body: (bench: TargetBench<Options, Package>) => Promise<void>): void => {
    suite.test(name, async () => {
      const world = await suite.create()
      try {
        const options = await target.options.parseAsync(world.options)
        await body(new TargetBench(target, world, options))
      } finally {
        await world.cleanup?.()
      }
    })
  }

  declare('packages the same bundle to the same bytes, and leaves the bundle as it is', async (bench) => {
    const bundle = await sampleBundle({ seed: 'a' })
    const before = hashes(bundle)
    const [once, again, other] = [await bench.package('a', bundle), await bench.package('a'), await bench.package('b')]
    assert.equal(again.digest, once.digest, 'the digest of a package depends on nothing but the bundle')
    assert.deepEqual(hashes(again), hashes(once))
    assert.notEqual(other.digest, once.digest, 'another bundle must give another digest')
    assert.deepEqual(hashes(bundle), before, 'the bundle was changed')
    for (const file of once.files) assert.equal(digestOf(file.bytes), file.digest, `${file.path} does not hash to its digest`)
    assert.deepEqual(once.files.map((file) => file.path), once.files.map((file) => file.path).sort(), 'files must be sorted by path')
  })

  declare('plans before the first release, twice the same, and writes nothing', async (bench) => {
    const plan = await bench.plan('a')
    assert.equal(plan.from, null)
    assert.equal(plan.to, (await sampleBundle({ seed: 'a' })).digest)
    assert.ok(changes(plan).length > 0, 'a first release changes something')
    assert.deepEqual(await bench.plan('a'), plan)
    assert.deepEqual(await bench.list(), [])
    assertData(plan)
  })

  declare('makes a first release live', async (bench) => {
    const bundle = await sampleBundle({ seed: 'a' })
    const release = await bench.release('a')
    assert.equal(release.digest, bundle.digest)
    assert.equal(release.project, 'shop')
    assert.equal(release.target, target.type)
    assert.equal(release.environment, 'production')
    assert.equal(release.previous, undefined)
    assert.match(release.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    assertData(release)
    await bench.assertLive(release)
  })

  declare('changes nothing when what is live is released again', async (bench) => {
    const first = await bench.release('a')
    const plan = await bench.plan('a')
    assert.deepEqual(plan.from, remembered(first))
    assert.deepEqual(changes(plan), [])
    assert.equal(plan.bytes, 0)
    const again = await bench.carryOut(plan, 'a')
    assert.deepEqual(remembered(again), remembered(first))
    assert.equal(again.sent ?? 0, 0)
    assert.deepEqual(await bench.plan('a'), plan, 'releasing what is live must leave the platform as it was')
  })

  declare('makes a second release live, and remembers what was before', async (bench) => {
    const first = await bench.release('a')
    const plan = await bench.plan('b')
    assert.deepEqual(plan.from, remembered(first))
    assert.ok(changes(plan).length > 0)
    const second = await bench.carryOut(plan, 'b')
    assert.equal(second.previous, first.id)
    assert.notEqual(second.id, first.id)
    await bench.assertLive(second)
  })

  declare('refuses a plan from before somebody else released', async (bench) => {
    await bench.release('a')
    const stale = await bench.plan('b')
    const between = await bench.release('c')
    const error = await failure(bench.carryOut(stale, 'b'))
    assert.ok(isStkError(error) && error.code === 'STK4003', `a stale plan must be refused with STK4003, not with ${String(error)}`)
    assert.ok(error.message.includes(between.id), 'the refusal must name what is live now')
    await bench.assertLive(between)
  })

  declare('refuses a plan for a first release when there has been one', async (bench) => {
    const stale = await bench.plan('b')
    const first = await bench.release('a')
    const error = await failure(bench.carryOut(stale, 'b'))
    assert.ok(isStkError(error) && error.code === 'STK4003', `a stale plan must be refused with STK4003, not with ${String(error)}`)
    await bench.assertLive(first)
  })

  declare('leaves a whole release live wherever it is interrupted, and finishes when run again', async (bench) => {
    let live = await bench.release('first')
    for (let moment = 0; ; moment++) {
      const seed = `interrupted-${moment}`
      const plan = await bench.plan(seed)
      const { ctx, wasInterrupted } = bench.interruptedAt(moment)
      const outcome = await bench.carryOut(plan, seed, ctx).catch(() => undefined)
      const wanted = (await sampleBundle({ seed })).digest
      const found = await bench.live()
      if (moment === 0) assert.equal(outcome, undefined, 'a release that is interrupted before it begins must fail')
      if (outcome !== undefined) assert.equal(found?.digest, wanted)
      else if (found !== undefined) assert.ok(found.digest === wanted || found.id === live.id, `${found.id} must not be live after an interruption`)
      const finished = await bench.release(seed)
      assert.equal(finished.digest, wanted)
      await bench.assertLive(finished)
      live = finished
      if (!wasInterrupted()) return
    }
  })

  declare('shows no credential in what it says, nor when credentials are refused', async (bench) => {
    const first = await bench.release('a')
    const second = await bench.release('b')
    const said: unknown[] = [await bench.plan('a'), first, second, await bench.list(), bench.messages]
    if (target.verify !== undefined) said.push(await target.verify(second, bench.context()))
    const wrong = Object.fromEntries(Object.keys(bench.world.credentials ?? {}).map((name, index) => [name, `wrong-canary-${index}-4c1d`]))
    if (Object.keys(wrong).length > 0) {
      const error = await failure(bench.plan('c', bench.context({ credentials: wrong })))
      assert.ok(isStkError(error), `refused credentials must give a StkError, not ${String(error)}`)
      said.push(error, error.details)
    }
    const texts = said.flatMap(appearances)
    for (const [name, value] of [...Object.entries(bench.world.credentials ?? {}), ...Object.entries(wrong)]) {
      assert.ok(value.length >= 8, `give ${name} a value of eight characters or more`)
      for (const form of encodings(value)) assert.ok(!texts.some((text) => text.includes(form)), `the value of ${name} can be seen`)
    }
  })

  if (target.releases !== undefined) {
    declare('lists releases newest first, each with the one before it', async (bench) => {
      const made = [await bench.release('a'), await bench.release('b'), await bench.release('c')]
      const listed = await bench.list()
      assert.deepEqual(listed, made.map(remembered).reverse())
      assert.deepEqual(listed.map((release) => release.previous), [made[1]?.id, made[0]?.id, undefined])
    })
  }

  if (target.manifest !== undefined) {
    const manifest = target.manifest.bind(target)

    declare('gives the manifest of a release back, live or not, as it was released', async (bench) => {
      const first = await bench.release('a')
      const second = await bench.release('b')
      for (const [seed, release] of [['a', first], ['b', second]] as const) {
        const found = await manifest(remembered(release), bench.context())
        assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify((await sampleBundle({ seed })).manifest)))
      }
      await bench.assertLive(second)
    })

    declare('gives no manifest of a release that never was', async (bench) => {
      const first = await bench.release('a')
      const { digest } = await sampleBundle({ seed: 'never' })
      const found = await manifest({ ...remembered(first), id: '9999-000000000000', digest }, bench.context()).catch((error: unknown) => error)
      assert.ok(found === null || isStkError(found), `it must give null or a StkError, not ${String(found)}`)
    })
  }

  if (target.manifest !== undefined) {
    const manifest = target.manifest.bind(target)

    declare('gives back the manifest of each release, and none for one that never was', async (bench) => {
      const made = { a: await bench.release('a'), b: await bench.release('b') }
      for (const [seed, release] of Object.entries(made)) {
        const { manifest: released } = await sampleBundle({ seed })
        assert.deepEqual(await manifest(remembered(release), bench.context()), JSON.parse(JSON.stringify(released)))
      }
      const { digest } = await sampleBundle({ seed: 'never' })
      const none = await manifest({ ...remembered(made.a), id: '9999-000000000000', digest }, bench.context()).catch((error: unknown) => error)
      assert.ok(none === null || isStkError(none), `it must give null or a StkError, not ${String(none)}`)
      await bench.assertLive(made.b)
    })
  }

  if (target.promote !== undefined) {
    const promote = target.promote.bind(target)

    declare('promotes what another environment runs, as it is', async (bench) => {
      const staging = bench.context({ environment: 'staging' })
      const plan = await bench.plan('a', staging)
      const source = await bench.carryOut(plan, 'a', staging)
      const promoted = await promote(remembered(source), bench.context({ environment: 'staging' }), bench.context())
      assert.equal(promoted.digest, source.digest)
      assert.equal(promoted.environment, 'production')
      assert.equal(promoted.revision, source.revision)
      assert.equal(promoted.previous, undefined)
      await bench.assertLive(promoted)
      if (target.releases !== undefined) {
        const live = await bench.live(bench.context({ environment: 'staging' }))
        assert.deepEqual(live, remembered(source), 'promoting must leave the environment it comes from as it was')
      }
    })

    declare('promotes over what is live, and changes nothing when run again', async (bench) => {
      const first = await bench.release('a')
      const staging = bench.context({ environment: 'staging' })
      const source = await bench.carryOut(await bench.plan('b', staging), 'b', staging)
      const promoted = await promote(remembered(source), bench.context({ environment: 'staging' }), bench.context())
      assert.equal(promoted.previous, first.id)
      const again = await promote(remembered(source), bench.context({ environment: 'staging' }), bench.context())
      assert.deepEqual(remembered(again), remembered(promoted))
      await bench.assertLive(promoted)
    })

    declare('refuses to promote a release that never was', async (bench) => {
      const first = await bench.release('a')
      const { digest } = await sampleBundle({ seed: 'never' })
      const made = { ...remembered(first), id: '9999-000000000000', environment: 'staging', digest }
      const error = await failure(promote(made, bench.context({ environment: 'staging' }), bench.context()))
      assert.ok(isStkError(error), `it must give a StkError, not ${String(error)}`)
      await bench.assertLive(first)
    })
  }

  if (target.rollback !== undefined) {
    const rollback = target.rollback.bind(target)

    declare('rolls back by a release of its own', async (bench) => {
      const first = await bench.release('a')
      const second = await bench.release('b')
      const back = await rollback(remembered(first), bench.context())
      assert.equal(back.digest, first.digest)
      assert.equal(back.restores, first.id)
      assert.equal(back.previous, second.id)
      assert.notEqual(back.id, first.id)
      await bench.assertLive(back)
      if (target.releases !== undefined) assert.deepEqual((await bench.list()).map((release) => release.id), [back.id, second.id, first.id])
    })

    declare('releases again after a rollback', async (bench) => {
      const first = await bench.release('a')
      await bench.release('b')
      const back = await rollback(remembered(first), bench.context())
      const again = await bench.release('b')
      assert.equal(again.previous, back.id)
      await bench.assertLive(again)
    })

    declare('refuses to roll back to a release that never was', async (bench) => {
      const first = await bench.release('a')
      const { digest } = await sampleBundle({ seed: 'never' })
      const error = await failure(rollback({ ...remembered(first), id: '9999-000000000000', digest }, bench.context()))
      assert.ok(isStkError(error), `it must give a StkError, not ${String(error)}`)
      await bench.assertLive(first)
    })
  }
}

function changes(plan: ReleasePlan): readonly string[] {
  return plan.steps.filter((step) => step.action !== 'skip').map((step) => `${step.action} ${step.subject}`)
}

function hashes(artifact: Artifact): readonly string[] {
  return artifact.files.map((file) => `${file.path} ${digestOf(file.bytes)}`)
}

/** Plans and releases are saved and printed as JSON. */
function assertData(value: object): void {
  assert.deepEqual(JSON.parse(JSON.stringify(value)), value, 'it must survive a round trip through JSON')
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(() => undefined, (error: unknown) => error ?? new Error('rejected with nothing'))
  assert.ok(outcome !== undefined, 'it must fail')
  return outcome
}
