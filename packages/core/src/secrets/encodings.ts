/**
 * The forms that a value takes on its way into a log: plain, in JSON, in a URL, in a form, in hex, and in Base64, alone or
 * somewhere inside of a longer text that was encoded as a whole (`user:password`).
 *
 * @param value of eight characters or more, so that no form matches by chance.
 */
export function encodings(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1)
  // Half a surrogate pair is no text, and `encodeURI` objects to it.
  const text = Buffer.from(value).toString()
  const url = encodeURIComponent(text)
  const hex = Buffer.from(value).toString('hex')
  const forms = [value, json, JSON.stringify(json).slice(1, -1), url, url.replaceAll('%20', '+'), encodeURI(text), hex, hex.toUpperCase()]
  const base64 = [0, 1, 2].map((before) => base64Inside(value, before))
  return [...new Set([...forms, ...base64, ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))])]
}

/** What Base64 makes of a value that `before` bytes precede: the characters that depend on nothing but the value. */
function base64Inside(value: string, before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)])
  const encoded = bytes.toString('base64').replace(/=+$/, '')
  // Six bits a character: the first and the last may hold bits of what stands beside.
  return encoded.slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}
