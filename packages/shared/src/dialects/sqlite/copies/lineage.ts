import { randomUUID } from 'node:crypto'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Step } from '../../../queue/statement.js'

// Far above all that was given after the copy was made, and exact for 2 million copies of copies.
const JUMP = 2 ** 32

const STEPS: readonly Step[] = [
  {
    sql: `UPDATE go_goscope_lock_counter
SET token = max(token, coalesce((SELECT max(token) FROM go_goscope_locks), 0)) + ${JUMP}
WHERE id = 1 RETURNING token AS above`,
    parameters: [],
    expect: 1,
  },
  // Until its first row a table with AUTOINCREMENT has none there.
  {
    sql: `INSERT INTO sqlite_sequence (name, seq)
SELECT 'go_goscope_claims', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'go_goscope_claims')`,
    parameters: [],
  },
  {
    sql: `UPDATE sqlite_sequence
SET seq = max(seq, coalesce((SELECT max(generation) FROM go_goscope_claims), 0)) + ${JUMP}
WHERE name = 'go_goscope_claims' RETURNING seq AS above`,
    parameters: [],
    expect: 1,
  },
  // Their leases may have been taken over since: a holder of then must not be a holder again.
  { sql: 'DELETE FROM go_goscope_locks', parameters: [] },
  { sql: 'DELETE FROM go_goscope_claims', parameters: [] },
]

const NAME = `INSERT INTO go_goscope_meta (key, value) VALUES ('lineage', ?1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value`

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
  const rows = await queue.atomic(operation, [...STEPS, { sql: NAME, parameters: [lineage] }])
  return { lineage, tokensAbove: Number(rows[0]?.[0]?.above), generationsAbove: Number(rows[2]?.[0]?.above) }
}
