import pg from 'pg'
import { handWritten } from './hand-written.mjs'

/** The limit of single calls: prepared statements on one client. @param {{ placed: string }} place */
export async function open({ placed }) {
  const client = new pg.Client({ connectionString: placed })
  await client.connect()
  // A client takes one at a time; only what fills the tables makes many at once.
  let last = Promise.resolve()
  return handWritten({
    query(query) {
      const answer = last.then(() => client.query(query))
      last = answer
      return answer
    },
  })
}
