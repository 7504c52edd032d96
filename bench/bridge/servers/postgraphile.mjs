// PostGraphile: GraphQL from the schema, with row level security by settings.
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { grafserv } from 'postgraphile/grafserv/node'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { makeV4Preset } from 'postgraphile/presets/v4'

const { DATABASE_URL, ISSUER, JWKS } = process.env
const keys = createRemoteJWKSet(new URL(JWKS))

const preset = {
  extends: [PostGraphileAmberPreset, makeV4Preset({ simpleCollections: 'both', dynamicJson: true })],
  pgServices: [makePgService({ connectionString: DATABASE_URL, schemas: ['public'], poolConfig: { max: 10 } })],
  grafast: {
    async context({ node }) {
      const authorization = node?.req?.headers.authorization
      if (authorization === undefined) return { pgSettings: { 'request.jwt.claims': '{}' } }
      const { payload } = await jwtVerify(authorization.replace(/^Bearer /, ''), keys, { issuer: ISSUER, audience: 'bench', algorithms: ['RS256'] })
      return { pgSettings: { role: payload.role, 'request.jwt.claims': JSON.stringify(payload) } }
    },
  },
  grafserv: { graphqlPath: '/graphql', watch: false },
}
const server = createServer()
await postgraphile(preset).createServ(grafserv).addTo(server)
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
