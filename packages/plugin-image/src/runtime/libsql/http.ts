export { createClient } from '@libsql/client/http'
