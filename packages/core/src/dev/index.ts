export { startEmbeddedDatabases, type DevDatabase, type EmbeddedDatabases, type EmbeddedDatabasesOptions } from './embedded-databases.ts'
export { loadSchemaAndSeed, type LoadedDatabase, type LoadOptions, type Seed } from './load-schema.ts'
export { startLocalIssuer, type LocalIssuer, type TokenClaims } from './local-issuer.ts'
export { startCluster, type Cluster, type ClusterOptions } from './postgres/cluster.ts'
