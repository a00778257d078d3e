import pg from 'pg'
import { handWritten } from './hand-written.mjs'

/** What an app writes: prepared statements on a pool. @param {{ placed: string, connections: number }} place */
export async function open({ placed, connections }) {
  return handWritten(new pg.Pool({ connectionString: placed, max: connections }))
}
