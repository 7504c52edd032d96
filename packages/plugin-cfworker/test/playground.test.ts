import { startLibsqlServer } from '../../bridge/test/libsql-server.ts'
import { playgroundSuite } from './playground/suite.ts'

// The same with a real sqld: playground.peer.test.ts.
playgroundSuite(startLibsqlServer)
