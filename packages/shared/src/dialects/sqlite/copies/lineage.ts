import { randomUUID } from 'node:crypto'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Step } from '../../../queue/statement.js'
import { READ_LOG, removingLog } from '../schema/change-log.js'
import { type Given, newLineageSteps } from '../schema/new-lineage.js'
import { newNumbers } from '../schema/new-numbers.js'

const NOT_HELD: readonly Step[] = [
  // Their leases may have been taken over since: a holder of then must not be a holder again.
  { sql: 'DELETE FROM go_goscope_locks', parameters: [] },
  { sql: 'DELETE FROM go_goscope_claims', parameters: [] },
]

/** How a restored database goes on from its backup. */
export interface Lineage {
  /** The id of this history of the database, kept in the file. Each restore makes a new one. */
  readonly lineage: string
  /** Every lock token that is given from now on is greater. */
  readonly tokensAbove: number
  /** Every claim generation that is given from now on is greater. */
  readonly generationsAbove: number
}

/**
 * Makes a copy of a current schema into a database of its own: what was given out by the one it was copied from, since
 * then as well, stays behind what this one gives, so that fencing still fences. No lock and no claim is held in it.
 *
 * @param now Epoch ms.
 * @param given What the file has given whose place it takes: one backup may be restored twice.
 */
export async function beginLineage(
  queue: OperationQueue,
  operation: string,
  now: number,
  given?: Given,
): Promise<Lineage> {
  const lineage = randomUUID()
  // Nobody follows the copy: followers of the original find another lineage.
  const log = await queue.query(operation, READ_LOG)
  const removing = (log.length === 0 ? [] : removingLog(log)).map((sql): Step => ({ sql, parameters: [] }))
  const rows = await queue.atomic(operation, [
    ...newLineageSteps(lineage, newNumbers(now), given),
    ...NOT_HELD,
    ...removing,
  ])
  return { lineage, tokensAbove: Number(rows[0]?.[0]?.above), generationsAbove: Number(rows[2]?.[0]?.above) }
}

const TABLES = `SELECT count(*) AS found FROM sqlite_master
WHERE type = 'table' AND name IN ('go_goscope_lock_counter', 'go_goscope_locks', 'go_goscope_claims')`

const GIVEN = `SELECT
  max(coalesce((SELECT max(token) FROM go_goscope_lock_counter), 0), coalesce((SELECT max(token) FROM go_goscope_locks), 0)) AS token,
  max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'go_goscope_claims'), 0),
    coalesce((SELECT max(generation) FROM go_goscope_claims), 0)) AS generation`

/** What a file has given; `undefined` for one without our tables of locks and claims, or too damaged to tell. */
export async function readGiven(queue: OperationQueue, operation: string): Promise<Given | undefined> {
  try {
    if ((await queue.query(operation, TABLES))[0]?.found !== 3) return undefined
    const [row] = await queue.query(operation, GIVEN)
    const given = { token: Number(row?.token), generation: Number(row?.generation) }
    return Object.values(given).every(Number.isSafeInteger) ? given : undefined
  } catch {
    // A file that cannot be read is what a backup is restored for.
    return undefined
  }
}
