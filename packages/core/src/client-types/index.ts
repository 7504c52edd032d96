export { callables, type Callable } from './callables.ts'
export { CLIENT_TYPES_FILE, clientTypes } from './client-types.ts'
export { fromOpenApi, type DescribedProject } from './from-openapi.ts'
