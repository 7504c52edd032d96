import { SecretValue, type SecretResult } from '@santokit/core'
import { itemSchema, readField } from '../item.ts'
import type { Reference } from '../reference.ts'
import { concernsEveryReference, refusal } from '../refusals.ts'
import { classify } from './classify.ts'
import { inject } from './inject.ts'
import type { RunOp } from './process.ts'

export type Results = Map<string, SecretResult>

/** How often bad references are dropped and the rest is asked for again, before each item is asked for by itself. */
const ROUNDS = 4
/** Processes at a time: `op` waits for the network most of the time. */
const AT_ONCE = 4

/**
 * Reads references through the CLI: one process if all can be read.
 *
 * `op` stops at the first that cannot. Then it is dropped and the rest is asked for again, a few times; after that each
 * item is read by itself, so that every bad reference is reported in one go. Nothing is asked for after a refusal that
 * would hold for everything else, such as a rate limit.
 */
export async function resolveWithCli(references: readonly Reference[], run: RunOp): Promise<Results> {
  const results: Results = new Map()
  let left = references
  for (let round = 0; round < ROUNDS && left.length > 0; round += 1) {
    const answer = await inject(left, run)
    if ('values' in answer) {
      left.forEach(({ text }, index) => results.set(text, found(answer.values[index] ?? '')))
      return results
    }
    const { failure, isAbout } = classify(answer.failed.stderr)
    const bad = left.length === 1 || concernsEveryReference(failure) ? left : left.filter(isAbout)
    if (bad.length === 0) break
    for (const { text } of bad) results.set(text, refusal(failure))
    left = left.filter((reference) => !bad.includes(reference))
  }
  await readItems(left, run, results)
  return results
}

async function readItems(references: readonly Reference[], run: RunOp, results: Results): Promise<void> {
  const groups = byItem(references)
  let stopped: SecretResult | undefined
  const worker = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      if (stopped === undefined) {
        const answers = await readItem(group, run)
        const last = [...answers.values()].find((result) => 'failure' in result && concernsEveryReference(result.failure))
        stopped ??= last
        for (const [text, result] of answers) results.set(text, result)
      } else {
        for (const { text } of group) results.set(text, stopped)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Fields come with their item; a one-time password or a key's other format has to be asked for by name. */
async function readItem(references: readonly Reference[], run: RunOp): Promise<Results> {
  const results: Results = new Map()
  const [first] = references
  const plain = references.filter(({ attribute, sshFormat }) => attribute === undefined && sshFormat === undefined)
  if (first !== undefined && plain.length > 0) {
    const done = await run(['item', 'get', `--vault=${first.vault}`, '--format=json', '--', first.item])
    const item = done.ok ? itemSchema.safeParse(parseJson(done.stdout)).data : undefined
    const failed = item === undefined ? refusal(done.ok ? 'unknown' : classify(done.stderr).failure) : undefined
    for (const reference of plain) results.set(reference.text, item === undefined ? failed ?? refusal('unknown') : readField(item, reference))
    if (failed !== undefined && concernsEveryReference(failed.failure)) {
      for (const { text } of references) results.set(text, failed)
      return results
    }
  }
  for (const { text } of references.filter((reference) => !results.has(reference.text))) {
    const done = await run(['read', '--no-newline', '--', text])
    results.set(text, done.ok ? found(done.stdout) : refusal(classify(done.stderr).failure))
  }
  return results
}

function byItem(references: readonly Reference[]): Reference[][] {
  const groups = new Map<string, Reference[]>()
  for (const reference of references) {
    const key = `${reference.vault}/${reference.item}`.toLowerCase()
    groups.set(key, [...(groups.get(key) ?? []), reference])
  }
  return [...groups.values()]
}

function found(value: string): SecretResult {
  return value === '' ? refusal('empty') : { value: new SecretValue(value) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
