import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { FORGOTTEN_AFTER_MS, READ_LOG, removingLog } from './change-log.js'
import { COPIES_TABLE, MOVED_TABLE, refuseMoved } from './moved-file.js'

const FOUND = `SELECT name FROM sqlite_master
WHERE name IN ('go_goscope_standby', 'go_goscope_followers', '${MOVED_TABLE}', '${COPIES_TABLE}')`

// By the machine's clock, as followers are seen by.
const FOLLOWED = `SELECT 1 FROM go_goscope_followers WHERE seen_at > unixepoch() * 1000 - ${FORGOTTEN_AFTER_MS} LIMIT 1`

/**
 * What connecting has to know of copies that are kept of the file: a standby is not written to, and the log of followers
 * that died and never came back is removed. Nor is a file used that the command `copy` has left.
 *
 * @throws PersistenceError `FOREIGN_TABLE` when the file is a standby, `MOVED`.
 */
export async function checkFollowed(queue: OperationQueue, writable: boolean): Promise<void> {
  const found = (await queue.query('connect', FOUND)).map(({ name }) => name)
  if (found.includes('go_goscope_standby')) {
    throw new PersistenceError(
      'FOREIGN_TABLE',
      'connect',
      'connect: the file is the standby of another one; make it a database of its own with standby.takeOver(), or use another file',
    )
  }
  await refuseMoved(queue, found)
  if (!writable || found.length === 0 || (await queue.query('connect', FOLLOWED)).length > 0) return
  const removing = removingLog(await queue.query('connect', READ_LOG))
  try {
    const nobody = { sql: FOLLOWED, parameters: [], expect: 0 }
    await queue.atomic('connect', [nobody, ...removing.map((sql) => ({ sql, parameters: [] }))])
  } catch (error) {
    // Somebody has begun to follow, or has removed it meanwhile.
    if ((await queue.query('connect', FOUND)).length > 0 && (await queue.query('connect', FOLLOWED)).length === 0)
      throw error
  }
}
