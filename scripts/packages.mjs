/** Every package, in the order they need one another. */
export const PACKAGES = ['bridge', 'core', 'client', 'plugin-tarball', 'plugin-image', 'plugin-cfworker', 'plugin-secrets-1password', 'plugin-schema-atlas']
