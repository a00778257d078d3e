import { randomUUID } from 'node:crypto'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Step } from '../../../queue/statement.js'
import { READ_LOG, removingLog } from '../schema/change-log.js'
import { newLineageSteps } from '../schema/new-lineage.js'

const NOT_HELD: readonly Step[] = [
  // Their leases may have been taken over since: a holder of then must not be a holder again.
  { sql: 'DELETE FROM go_goscope_locks', parameters: [] },
  { sql: 'DELETE FROM go_goscope_claims', parameters: [] },
]

/** A copy that goes on by itself from where it was made. */
export interface Lineage {
  /** Another one each time, kept in the file. */
  readonly lineage: string
  /** Every lock token that is given from now on is greater. */
  readonly tokensAbove: number
  /** Every claim generation that is given from now on is greater. */
  readonly generationsAbove: number
}

/**
 * Makes a copy of a current schema into a database of its own: what was given out by the one it was copied from, since
 * then as well, stays behind what this one gives, so that fencing still fences. No lock and no claim is held in it.
 */
export async function beginLineage(queue: OperationQueue, operation: string): Promise<Lineage> {
  const lineage = randomUUID()
  // Nobody follows the copy: followers of the original find another lineage.
  const log = await queue.query(operation, READ_LOG)
  const removing = (log.length === 0 ? [] : removingLog(log)).map((sql): Step => ({ sql, parameters: [] }))
  const rows = await queue.atomic(operation, [...newLineageSteps(lineage), ...NOT_HELD, ...removing])
  return { lineage, tokensAbove: Number(rows[0]?.[0]?.above), generationsAbove: Number(rows[2]?.[0]?.above) }
}
