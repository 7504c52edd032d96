export { createClient } from '@libsql/client/web'
