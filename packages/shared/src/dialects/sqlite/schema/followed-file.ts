import type { Row } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { FORGOTTEN_AFTER_MS, isBroken, READ_LOG, removingLog } from './change-log.js'
import { COPIES_TABLE, MOVED_TABLE, refuseMoved } from './moved-file.js'

const MARKS = ['go_goscope_standby', MOVED_TABLE, COPIES_TABLE]
const FOUND = `${READ_LOG} OR name IN ('${MARKS.join("', '")}')`

// Uses the machine's clock, like the reports of followers.
const FOLLOWED = `SELECT 1 FROM go_goscope_followers WHERE seen_at > unixepoch() * 1000 - ${FORGOTTEN_AFTER_MS} LIMIT 1`
const WHOLE = `SELECT 1 WHERE (SELECT count(*) FROM main.sqlite_master
  WHERE type = 'table' AND name IN ('go_goscope_changes', 'go_goscope_followers')) = 2`

/**
 * Checks a file for the traces of copies when an adapter connects. A standby is not written to. The log of followers that died
 * and never returned is removed; a log with a missing part is removed immediately. A file that the command `copy` has moved is
 * not used.
 *
 * @throws PersistenceError `FOREIGN_TABLE` when the file is a standby, `MOVED`.
 */
export async function checkFollowed(queue: OperationQueue, writable: boolean): Promise<void> {
  const objects = await queue.query('connect', FOUND)
  const found = objects.map(({ name }) => name)
  if (found.includes('go_goscope_standby')) {
    throw new PersistenceError(
      'FOREIGN_TABLE',
      'connect',
      'connect: the file is the standby of another one; make it a database of its own with standby.takeOver(), or use another file',
    )
  }
  await refuseMoved(queue, found)
  const log = objects.filter(({ name }) => !MARKS.includes(String(name)))
  if (!writable || !(await isUseless(queue, log))) return
  try {
    const still = { sql: isBroken(log) ? WHOLE : FOLLOWED, expect: 0 }
    await queue.atomic('connect', [still, ...removingLog(log).map((sql) => ({ sql }))])
  } catch (error) {
    // Another connection has begun to follow, or has removed the log meanwhile.
    if (await isUseless(queue, await queue.query('connect', READ_LOG))) throw error
  }
}

/** @param log The rows of {@link READ_LOG}. */
async function isUseless(queue: OperationQueue, log: readonly Row[]): Promise<boolean> {
  if (log.length === 0) return false
  return isBroken(log) || (await queue.query('connect', FOLLOWED)).length === 0
}
