export { callables, type Callable } from './callables.ts'
export { clientTypes } from './client-types.ts'
export { fromOpenApi, type DescribedProject } from './from-openapi.ts'
