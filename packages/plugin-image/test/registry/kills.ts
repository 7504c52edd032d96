import { listReferrers, planPush, pushImage } from '../../src/registry/index.ts'
import { plant, sampleImage, type SampleOptions } from './images.ts'
import { KILL_TAGS, type Task } from './push-process.ts'
import type { Pusher } from './processes.ts'
import { startRegistry, type Moment, type Quirks, type TestRegistry } from './registry.ts'
import { faultsOf, repositoryIn } from './store.ts'
import { wantTokens } from './token-server.ts'
import { open, password } from './world.ts'

/** A push that is killed at each of its moments. */
export interface Scenario {
  readonly name: string
  readonly shape: Omit<SampleOptions, 'seed'>
  /** Whether an image is live before. */
  readonly isWarm?: boolean
  readonly quirks?: Partial<Quirks>
  readonly signsIn?: boolean
  /** Whether another repository of the registry has the base. */
  readonly mounts?: boolean
}

/** Bodies of some pieces still, and quickly made. */
const SMALL = { baseSize: 70_000, appSize: 10_000 }
const MULTI = { platforms: ['amd64', 'arm64'] }

export const SCENARIOS: readonly Scenario[] = [
  { name: 'cold, one platform', shape: {} },
  { name: 'cold, two platforms with referrers', shape: { ...MULTI, referrers: 2 } },
  { name: 'warm, one platform', shape: {}, isWarm: true },
  { name: 'warm, two platforms with referrers', shape: { ...MULTI, referrers: 2 }, isWarm: true },
  { name: 'warm, without the referrers API', shape: { referrers: 2 }, isWarm: true, quirks: { hasReferrers: false } },
  { name: 'cold, in chunks', shape: {}, quirks: { refusesWhole: true } },
  { name: 'cold, mounting the base, with tokens', shape: {}, mounts: true, signsIn: true },
]

interface Point {
  readonly moment: Moment
  /** The request, from 0 in the order of arrival. */
  readonly index: number
}

/** The kills of one scenario: how many there were, and what was wrong after any of them. */
export interface Killed {
  readonly kills: number
  readonly faults: readonly string[]
}

/** Pushes of one process, which dies when each of them has come to its moment. */
const A_PROCESS = 16

/** Kills a push at every `stride`th of its moments, and looks at what is left each time. */
export async function killEverywhere(scenario: Scenario, pusher: Pusher, stride: number): Promise<Killed> {
  const points = (await momentsOf(scenario, pusher)).filter((_, index) => index % stride === 0)
  const outcomes: Outcome[] = []
  for (let from = 0; from < points.length; from += A_PROCESS) outcomes.push(...await killAt(scenario, pusher, points.slice(from, from + A_PROCESS)))
  return {
    kills: outcomes.filter(({ isKilled }) => isKilled).length,
    faults: outcomes.flatMap(({ faults }, index) => faults.map((fault) => `${scenario.name}, request ${points[index]?.index} ${points[index]?.moment}: ${fault}`)),
  }
}

/** Every moment of a push that nobody disturbs. */
async function momentsOf(scenario: Scenario, pusher: Pusher): Promise<readonly Point[]> {
  const points: Point[] = []
  const world = await openWorld(scenario, (moment, index) => {
    points.push({ moment, index })
    return undefined
  })
  const { code, errors } = await pusher.start([world.task]).ended
  await world.registry.close()
  if (code !== 0) throw new Error(`An undisturbed push failed: ${errors}`)
  return points
}

interface Outcome {
  readonly isKilled: boolean
  readonly faults: readonly string[]
}

/** Stops the world of each push at its point, and kills the process when all have come there. */
async function killAt(scenario: Scenario, pusher: Pusher, points: readonly Point[]): Promise<readonly Outcome[]> {
  const halted = new Set<number>()
  const done = new Set<number>()
  let kill = (): void => {}
  const killWhenDue = (): void => {
    if (new Set([...halted, ...done]).size === points.length) kill()
  }
  const worlds = await Promise.all(points.map((point, push) => openWorld(scenario, (moment, index) => {
    if (moment !== point.moment || index !== point.index) return undefined
    halted.add(push)
    killWhenDue()
    return 'halt'
  })))
  try {
    const { child, ended } = pusher.start(worlds.map(({ task }) => task), (push) => {
      done.add(push)
      killWhenDue()
    })
    kill = () => { child.kill('SIGKILL') }
    const { signal, code, errors } = await ended
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`A push failed by itself: ${errors}`)
    return await Promise.all(worlds.map(async (world, push) => ({ isKilled: signal === 'SIGKILL' && halted.has(push), faults: await faultsOfWorld(world) })))
  } finally {
    await Promise.all(worlds.map(({ registry }) => registry.close()))
  }
}

/** Looks at what a killed push has left, and pushes again. */
async function faultsOfWorld({ registry, before, image }: World): Promise<readonly string[]> {
  await registry.resume()
  const faults = [...faultsAfter(registry, [before, image.root.descriptor.digest])]
  const again = open(registry, 'acme/shop', { as: password() })
  const planned = await planPush(again, image, KILL_TAGS)
  await pushImage(again, image, KILL_TAGS, { planned })
  faults.push(...faultsAfter(registry, [image.root.descriptor.digest]).map((fault) => `after the next run, ${fault}`))
  const referrers = await listReferrers(again, image.root.descriptor.digest)
  if (referrers.length !== image.referrers.length) faults.push(`${referrers.length} of ${image.referrers.length} referrers are listed`)
  if (!(await planPush(again, image, KILL_TAGS)).survey.isDone) faults.push('the next run is not the last')
  return faults
}

/** What is wrong with the tags: each names one of `expected` (the first may be nothing), and everything below it is there. */
function faultsAfter({ store, violations }: TestRegistry, expected: readonly (string | undefined)[]): readonly string[] {
  const shop = repositoryIn(store, 'acme/shop')
  const live = shop.tags.get('production')
  return [
    ...violations,
    ...(expected.includes(live) ? [] : [`production names ${live}`]),
    ...[...shop.tags.keys()].flatMap((tag) => faultsOf(shop, tag).map((fault) => `${tag}: ${fault}`)),
  ]
}

interface World {
  readonly registry: TestRegistry
  readonly task: Task
  /** What production names before. */
  readonly before: string | undefined
  readonly image: ReturnType<typeof sampleImage>
}

async function openWorld({ shape, isWarm = false, quirks = {}, signsIn = false, mounts = false }: Scenario, onMoment: (moment: Moment, index: number) => 'halt' | undefined): Promise<World> {
  const registry = await startRegistry({ onMoment })
  Object.assign(registry.quirks, quirks)
  if (signsIn) wantTokens(registry)
  const options: SampleOptions = { seed: 'new', ...SMALL, ...shape, ...(mounts ? { source: { registry: registry.host, repository: 'acme/base' } } : {}) }
  const old = sampleImage({ seed: 'old', ...SMALL, ...shape })
  if (isWarm) await plant(registry.store, 'acme/shop', old, 'production', 'sha-old')
  if (mounts) await plant(registry.store, 'acme/base', old, 'nonroot')
  return { registry, task: { host: registry.host, image: options, signsIn }, before: isWarm ? old.root.descriptor.digest : undefined, image: sampleImage(options) }
}
