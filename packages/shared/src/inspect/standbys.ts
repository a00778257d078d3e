import type { OperationQueue } from '../queue/operation-queue.js'
import type { StandbysSql } from './inspect-sql.js'
import type { StandbyInfo } from './listed-rows.js'

const OPERATION = 'inspect.standbys'

/** Returns the standbys that follow a database, by id. Their table exists only while there is one. */
export async function listStandbys(queue: OperationQueue, sql: StandbysSql): Promise<readonly StandbyInfo[]> {
  const isFollowed = async (): Promise<boolean> => (await queue.query(OPERATION, sql.table)).length > 0
  if (!(await isFollowed())) return []
  try {
    const rows = await queue.query(OPERATION, sql.list)
    return rows.map(({ id, seq, behind, seen_at }) => ({
      id: String(id),
      position: Number(seq),
      behind: Number(behind),
      seenAt: Number(seen_at),
    }))
  } catch (error) {
    // The last standby may have left between the two statements and dropped the table.
    if (await isFollowed()) throw error
    return []
  }
}
