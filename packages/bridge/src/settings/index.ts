export { type Environment, readSetting } from './environment.ts'
export { readSecrets, type Secrets, settingValue } from './secrets.ts'
export { isLoopback, readServerSettings, type ServerSettings } from './server.ts'
