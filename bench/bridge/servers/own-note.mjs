// Row level security over stock pg, as its users write it: a transaction around the claims and the query.
import { CLAIMS_SQL, SQL } from '../scenarios.mjs'

export async function readNote(pool, claims, id) {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query({ name: 'claims', text: CLAIMS_SQL, values: [JSON.stringify(claims), claims.role ?? 'none'] })
    const { rows } = await client.query({ name: 'note', text: SQL.note, values: [id] })
    await client.query('commit')
    return rows[0]
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
