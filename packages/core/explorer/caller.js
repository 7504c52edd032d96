/** Who calls: nobody, or somebody the local issuer signs for. Kept for this tab. */
const KEY = 'stk:caller'

/** @returns {{ sub: string, roles: string[], audience?: string, claims?: object, token?: string } | undefined} */
export function caller() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

export function setCaller(next) {
  if (next === undefined) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, JSON.stringify(next))
}

/** Signs in. @throws Error in the server's words. */
export async function signIn({ sub, roles, audience, claims = {} }) {
  const answer = await fetch('/_stk/api/token', {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sub, roles, claims, ...(audience === undefined ? {} : { audience }) }),
  })
  const said = await answer.json()
  if (!answer.ok) throw new Error(said.error)
  setCaller({ sub, roles, claims, ...(audience === undefined ? {} : { audience }), token: said.token })
}

/** The issuer's key dies with `stk dev`: after a restart of it the same caller needs another token. */
export async function renew() {
  const known = caller()
  if (known !== undefined) await signIn(known).catch(() => setCaller(undefined))
}
