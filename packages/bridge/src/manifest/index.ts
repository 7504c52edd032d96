export * from './format.ts'
export { canonicalJson, digestOf, manifestDigest, sealManifest } from './digest.ts'
export { paramsJsonSchema } from './json-schema.ts'
