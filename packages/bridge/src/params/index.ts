export { bindValues } from './bind.ts'
export type { Checked, ParamIssue } from './checked.ts'
export { compileInputs, type CheckInputs, type ParamSource } from './inputs.ts'
export { checkWithSchema } from './schema.ts'
