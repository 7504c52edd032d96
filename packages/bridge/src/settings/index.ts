export { type Environment, readSetting } from './environment.ts'
export { readSecrets, type Secrets, settingValue } from './secrets.ts'
export { type ConnectionLimits, isLoopback, type MetricsAddress, readServerSettings, type RuntimeSettings, type ServerSettings } from './server.ts'
