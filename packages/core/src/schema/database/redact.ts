import type { SchemaDatabase } from '../contract.ts'

/** A text of a driver or tool, with everything in it that opens the database taken out. */
export function withoutSecrets(text: string, { url, authToken }: SchemaDatabase): string {
  let shown = text
  for (const secret of secretsOf(url.reveal(), authToken?.reveal())) shown = shown.replaceAll(secret, '[secret]')
  return shown
}

/** The longest first, so that a part of one does not spoil the whole. */
function secretsOf(url: string, authToken: string | undefined): readonly string[] {
  const found = [authToken ?? '']
  if (URL.canParse(url)) {
    const { password, searchParams } = new URL(url)
    // A URL without a password may be shown.
    if (password !== '') found.push(url, password, safeDecode(password))
    for (const name of ['password', 'authToken', 'jwt']) found.push(searchParams.get(name) ?? '')
  } else {
    found.push(url)
  }
  return [...new Set(found)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
