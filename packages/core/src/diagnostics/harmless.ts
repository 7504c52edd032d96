/** A text from elsewhere as it may be shown: nothing in it steers a terminal or turns the direction of what follows. */
export function harmless(text: string): string {
  return text.replaceAll(STEERING, '\uFFFD')
}

const STEERING = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g
