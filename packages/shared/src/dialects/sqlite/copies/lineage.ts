import { randomUUID } from 'node:crypto'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Step } from '../../../queue/statement.js'
import { READ_LOG, removingLog } from '../schema/change-log.js'
import { type Given, newLineageSteps } from '../schema/new-lineage.js'
import { newNumbers } from '../schema/new-numbers.js'

const NOT_HELD: readonly Step[] = [
  // Other owners may have taken them over since. The holders of that time must not hold them again.
  { sql: 'DELETE FROM go_goscope_locks' },
  { sql: 'DELETE FROM go_goscope_claims' },
]

/** How a restored database continues from its backup. */
export interface Lineage {
  /** The id of this history of the database, stored in the file. Each restore creates a new one. */
  readonly lineage: string
  /** Every later lock token is greater. */
  readonly tokensAbove: number
  /** Every later claim generation is greater. */
  readonly generationsAbove: number
}

/**
 * Turns a copy with a current schema into an independent database without held locks and claims. Its later tokens and generations
 * are greater than all that its original has issued, also since the copy was made, so that fencing still works.
 *
 * @param now Epoch ms.
 * @param given What the file has issued that it replaces: one backup may be restored twice.
 */
export async function beginLineage(
  queue: OperationQueue,
  operation: string,
  now: number,
  given?: Given,
): Promise<Lineage> {
  const lineage = randomUUID()
  // The copy has no followers: those of the original find another lineage.
  const log = await queue.query(operation, READ_LOG)
  const removing = (log.length === 0 ? [] : removingLog(log)).map((sql): Step => ({ sql }))
  const rows = await queue.atomic(operation, [
    ...newLineageSteps(lineage, newNumbers(now), given),
    ...NOT_HELD,
    ...removing,
  ])
  return { lineage, tokensAbove: Number(rows[0]?.[0]?.above), generationsAbove: Number(rows[2]?.[0]?.above) }
}

const GIVEN = `SELECT
  max(coalesce((SELECT max(token) FROM go_goscope_lock_counter), 0), coalesce((SELECT max(token) FROM go_goscope_locks), 0)) AS token,
  max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'go_goscope_claims'), 0),
    coalesce((SELECT max(generation) FROM go_goscope_claims), 0)) AS generation`

/** Returns what a file has issued; `undefined` if it lacks our tables of locks and claims, or cannot be read. */
export async function readGiven(queue: OperationQueue, operation: string): Promise<Given | undefined> {
  try {
    const [row] = await queue.query(operation, GIVEN)
    const given = { token: Number(row?.token), generation: Number(row?.generation) }
    return Object.values(given).every(Number.isSafeInteger) ? given : undefined
  } catch {
    // It is something else. Or it is unreadable, which is a reason to restore a backup.
    return undefined
  }
}
