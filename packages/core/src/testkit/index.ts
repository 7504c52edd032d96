/** The suites that every plugin must pass, for whichever test runner it uses. */
export { testSecretProvider, type SecretProviderSuite } from './secret-provider.ts'
