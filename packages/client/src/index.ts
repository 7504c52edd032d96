export { createClient } from './client.ts'
export { CallError, type CallErrorCode, type ParamError } from './call-error.ts'
export type { Call, CallOptions, Client, ClientOptions, Json, Projects, Row } from './types.ts'
