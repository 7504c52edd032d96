import { StkError, type SchemaDatabase } from '@santokit/core'

/** A local database file for Atlas. */
export function sqliteAddress({ url }: Pick<SchemaDatabase, 'url'>): string {
  const text = url.reveal()
  if (!text.startsWith('file:')) throw new StkError('STK6002', { why: 'Atlas can load HCL sources into a local file only.', fix: 'Use a `file:` URL.' })
  return fileAddress(decodeURIComponent(text.replace(/^file:(\/\/(localhost)?(?=\/))?/, '').replace(/[?#].*$/, '')))
}

/** @param path absolute, or relative to where Atlas runs. */
export function fileAddress(path: string): string {
  return `sqlite://file:${encodeURI(path).replaceAll('?', '%3f').replaceAll('#', '%23')}`
}
