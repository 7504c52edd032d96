import type { IssuerEntry } from '@santokit/bridge/manifest'
import type { ResolvedProject } from '../../config/resolved.ts'
import { lookAt, type Finding } from './finding.ts'

/** Looks at every issuer's discovery document and its keys, as the Bridge will. Each once, however many projects believe it. */
export async function examineIssuers(projects: readonly ResolvedProject[], signal: AbortSignal): Promise<readonly Finding[]> {
  const issuers = new Map(projects.flatMap(({ auth }) => auth.issuers).map((entry) => [`${entry.issuer} ${entry.jwksUri ?? ''}`, entry]))
  return Promise.all([...issuers.values()].map((entry) => lookAt({ part: 'issuers', subject: entry.issuer }, signal, (limit) => askIssuer(entry, limit))))
}

async function askIssuer({ issuer, jwksUri }: IssuerEntry, signal: AbortSignal): Promise<Omit<Finding, 'part' | 'subject'>> {
  let keysAt = jwksUri
  if (keysAt === undefined) {
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const document = await readJson(address, signal)
    if ('problem' in document) return { state: 'wrong', says: `${address}: ${document.problem}`, fix: 'Compare `issuer` with what your provider shows, to the slash; or give its keys: `jwksUri`.' }
    const said = document.value
    if (said['issuer'] !== issuer) {
      return { state: 'wrong', says: `it calls itself ${String(said['issuer']).slice(0, 200)}, so every token would be refused`, fix: `Write it so in the config: issuer: '${String(said['issuer']).slice(0, 200)}'` }
    }
    if (typeof said['jwks_uri'] !== 'string') return { state: 'wrong', says: `${address} names no \`jwks_uri\``, fix: 'Give its keys in the config: `jwksUri`.' }
    keysAt = said['jwks_uri']
  }
  const keys = await readJson(keysAt, signal)
  if ('problem' in keys) return { state: 'wrong', says: `its keys at ${keysAt}: ${keys.problem}`, fix: 'Check `jwksUri`, and that this machine may reach it.' }
  const list = keys.value['keys']
  if (!Array.isArray(list) || list.length === 0) return { state: 'wrong', says: `there are no keys at ${keysAt}`, fix: 'Check `jwksUri`.' }
  return { state: 'fine', says: `${list.length} key${list.length === 1 ? '' : 's'}` }
}

async function readJson(address: string, signal: AbortSignal): Promise<{ readonly value: Readonly<Record<string, unknown>> } | { readonly problem: string }> {
  try {
    const answer = await fetch(address, { signal, redirect: 'manual', headers: { accept: 'application/json' } })
    if (!answer.ok) {
      await answer.body?.cancel()
      return { problem: `HTTP ${answer.status}` }
    }
    const value: unknown = await answer.json()
    return typeof value === 'object' && value !== null ? { value: value as Readonly<Record<string, unknown>> } : { problem: 'it is not an object' }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof SyntaxError) return { problem: 'it is not JSON' }
    const { cause } = error as { readonly cause?: { readonly code?: string; readonly message?: string } }
    return { problem: cause?.code ?? cause?.message ?? (error as Error).message }
  }
}
