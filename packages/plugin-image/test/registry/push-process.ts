// Pushes, each to a registry of its own, in a process that is killed. Bundled and run by processes.ts.
import { planPush, pushImage } from '../../src/registry/index.ts'
import { sampleImage, type SampleOptions } from './images.ts'
import { open, password } from './world.ts'

export interface Task {
  readonly host: string
  readonly image: SampleOptions
  readonly signsIn: boolean
}

/** What a push of the kill tests names. */
export const KILL_TAGS = [{ name: 'sha-new', moves: false }, { name: 'production', moves: true }]

export async function pushAs({ host, image: options, signsIn }: Task): Promise<void> {
  const image = sampleImage(options)
  const repository = open({ host }, 'acme/shop', signsIn ? { as: password() } : {})
  const planned = await planPush(repository, image, KILL_TAGS)
  await pushImage(repository, image, KILL_TAGS, { planned })
}

const tasks = process.argv[2]
if (tasks?.startsWith('[') === true) {
  await Promise.all((JSON.parse(tasks) as Task[]).map(async (task, index) => {
    await pushAs(task)
    process.stdout.write(`${index}\n`)
  }))
}
