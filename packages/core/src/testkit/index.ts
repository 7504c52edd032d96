/** The suites that every plugin must pass, for whichever test runner it uses, and what they are made of. */
export { testSecretProvider, type HeldSecrets, type SecretProviderSuite, type SecretWorld, type StuckWorld } from './secret-provider.ts'
export { testSecretSink, type SecretSinkSuite, type SinkWorld } from './secret-sink.ts'
export { fuzzedSecrets } from './fuzzed-secrets.ts'
export { encodings } from './appearances.ts'
export { testSchemaEngine, type SchemaEngineSuite, type SchemaEngineWorld } from './schema-engine.ts'
export {
  sampleRows, sampleSchema, sampleSql,
  type SampleColumn, type SampleDriver, type SampleIndex, type SampleSchema, type SampleTable, type SampleType,
} from './schema/model.ts'
export { destructiveMutation, safeMutation, sampleDrift, type Mutation, type SampleDrift } from './schema/mutations.ts'
export { randomFrom, type Random } from './schema/random.ts'
export { testTarget, type TargetSuite } from './target.ts'
export type { TargetWorld } from './target-bench.ts'
export { sampleBundle, type SampleBundleOptions } from './sample-bundle.ts'
export { targetContext, type TargetContextOptions } from './target-context.ts'
export { secretContext, schemaContext } from './contexts.ts'
export { fakeClock, type FakeClock } from './fake-clock.ts'
export { memoryTarget, type MemoryOptions } from './memory-target.ts'
export { openPluginBench, type PluginBench, type PluginBenchOptions } from './plugin-bench.ts'
export { sampleCheckout, type SampleCheckout, type SampleCheckoutOptions, type SampleConfig } from './sample-checkout.ts'
