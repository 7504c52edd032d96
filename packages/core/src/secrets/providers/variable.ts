import { resolve } from 'pathe'
import type { SecretResult } from '../../plugin/contract.ts'
import { SecretValue } from '../secret-value.ts'
import { readText } from './read-text.ts'

/** A set of variables, and how messages speak of it. */
export interface Variables {
  get(name: string): string | undefined
  /** `in the environment`, `in .env` */
  readonly place: string
  /** What is said of it when it is not there. */
  readonly absent: () => SecretResult
  /** How to give it a value. */
  readonly fix: () => string
}

/**
 * The value of a variable, or of the file that `<name>_FILE` names: Docker and Kubernetes mount secrets as files, and the
 * Bridge reads its own the same way. As there, it is an error to say both.
 *
 * @param root where a relative path begins.
 */
export async function readVariable(name: string, variables: Variables, root: string): Promise<SecretResult> {
  const value = variables.get(name)
  const file = variables.get(`${name}_FILE`)
  if (value !== undefined && value !== '') {
    if (file === undefined || file === '') return { value: new SecretValue(value) }
    return { failure: 'ambiguous', why: `${name} and ${name}_FILE are both set ${variables.place}.`, fix: 'Keep one of them.' }
  }
  if (file !== undefined && file !== '') return named(await readSecretFile(resolve(root, file), `The file of ${name}_FILE`), `${name}_FILE`)
  if (value === '') return { failure: 'empty', why: `${name} is set ${variables.place}, but empty.`, fix: variables.fix() }
  return variables.absent()
}

/** A file that is named and is not there is a mistake, and not a name that is not set. */
function named(result: SecretResult, variable: string): SecretResult {
  if (!('failure' in result) || result.failure !== 'item-not-found') return result
  return { failure: 'malformed-ref', why: result.why, fix: `Mount the file, or correct ${variable}.` }
}

/** A whole file without the newline at its end: editors and `echo` add one that is not part of the value; a second one is. */
export async function readSecretFile(file: string, shown: string): Promise<SecretResult> {
  const read = await readText(file, shown)
  if ('failure' in read) return read
  const value = read.text.replace(/\r?\n$/, '')
  return value === '' ? { failure: 'empty', why: `${shown} is empty.` } : { value: new SecretValue(value) }
}
