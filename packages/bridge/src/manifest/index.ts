export * from './format.ts'
export { canonicalJson, digestOf, manifestDigest } from './digest.ts'
export { paramsJsonSchema } from './json-schema.ts'
export { manifestJsonSchema, ManifestError, parseManifest } from './schema.ts'
