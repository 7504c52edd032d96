// node registry-process.mjs VERDACCIO CONFIG: serves a registry on a free port of this computer, and says which.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [bin, config] = process.argv.slice(2)
const { runServer } = createRequire(bin)('verdaccio')
const server = await runServer(JSON.parse(readFileSync(config, 'utf8')))
server.listen(0, '127.0.0.1', () => console.log(`\nlistening on ${server.address().port}`))
process.on('SIGTERM', () => process.exit(0))
