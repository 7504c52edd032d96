/** The suites that every plugin must pass, for whichever test runner it uses, and what they are made of. */
export { testSecretProvider, type HeldSecrets, type SecretProviderSuite, type SecretWorld, type StuckWorld } from './secret-provider.ts'
export { testSecretSink, type SecretSinkSuite, type SinkWorld } from './secret-sink.ts'
export { fuzzedSecrets } from './fuzzed-secrets.ts'
export { encodings } from './appearances.ts'
export { testTarget, type TargetSuite } from './target.ts'
export type { TargetWorld } from './target-bench.ts'
export { sampleBundle, type SampleBundleOptions } from './sample-bundle.ts'
export { targetContext, type TargetContextOptions } from './target-context.ts'
