export { bundleModules, modulePath, type BundledModules, type ModuleSource } from './bundle-modules.ts'
export { evaluateModules, type EvaluatedModule, type Evaluation } from './evaluate-modules.ts'
