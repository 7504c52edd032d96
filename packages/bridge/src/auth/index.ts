export { ANONYMOUS } from './caller.ts'
export { AuthError } from './error.ts'
export type { AuthEventListener } from './issuer-keys.ts'
export { createVerifier, type Verifier, type VerifierOptions } from './verifier.ts'
