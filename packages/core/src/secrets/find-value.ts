/** Shorter values would match by chance. */
const SHORTEST = 8

/**
 * The name of a secret whose value, as this process's environment has it, stands in `bytes`: as it is, or as JSON writes it.
 *
 * @param names secrets to look for.
 */
export function findSecretValue(
  bytes: Uint8Array, names: Iterable<string>, env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const name of names) {
    const value = env[name]
    if (value === undefined || value.length < SHORTEST) continue
    if (content.includes(value) || content.includes(JSON.stringify(value).slice(1, -1))) return name
  }
  return undefined
}
