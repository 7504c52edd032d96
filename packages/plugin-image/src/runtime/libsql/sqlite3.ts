export { createClient } from '@libsql/client/sqlite3'
