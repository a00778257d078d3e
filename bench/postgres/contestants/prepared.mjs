import pg from 'pg'
import { handWritten } from './hand-written.mjs'

/** The limit of single calls: prepared statements on one client. @param {{ placed: string }} place */
export async function open({ placed }) {
  const client = new pg.Client({ connectionString: placed })
  await client.connect()
  return handWritten(oneAtATime(client))
}

/** A client runs one query at a time. @param {pg.Client} client */
export function oneAtATime(client) {
  let last = Promise.resolve()
  return {
    query(query) {
      const answer = last.then(() => client.query(query))
      last = answer
      return answer
    },
  }
}
