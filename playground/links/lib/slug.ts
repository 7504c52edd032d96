import { randomInt } from 'node:crypto'

/** Without characters that are mistaken for one another when read aloud or from paper. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

export const MAX_ATTEMPTS = 5

export function randomSlug(): string {
  return Array.from({ length: 7 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
}

/**
 * Draws slugs until `take` gets one. Trying is the only way to know that a slug is free: a look beforehand would be out
 * of date by the time of the insert.
 *
 * @returns `undefined` if every attempt met a slug that was taken.
 */
export async function takeFreeSlug(take: (slug: string) => Promise<boolean>, draw: () => string = randomSlug): Promise<string | undefined> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const slug = draw()
    if (await take(slug)) return slug
  }
  return undefined
}
