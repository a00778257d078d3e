import type { Step } from '../../../queue/statement.js'
import type { NewNumbers } from './new-numbers.js'

/** The highest numbers that a file has granted. A file that replaces it must grant greater ones. */
export interface Given {
  readonly token: number
  readonly generation: number
}

const NOTHING_GIVEN: Given = { token: 0, generation: 0 }

/**
 * Returns steps that turn a copy into an independent file, in one transaction. Lock tokens and claim generations continue to
 * grow, so that fencing also rejects what the original granted after the copy was made. The new lineage distinguishes the two
 * histories. The first step returns the last token, as `above`, the third the last generation.
 *
 * @param lineage An id that no other file has.
 * @param numbers Where its numbers begin.
 * @param given The numbers that the replaced file has granted.
 */
export function newLineageSteps(
  lineage: string,
  { jump, clock, beyond }: NewNumbers,
  { token, generation }: Given = NOTHING_GIVEN,
): Step[] {
  const beginning = (known: string): string => `max(max(${known}) + ${jump}, ${clock}) + ${beyond}`
  return [
    {
      sql: `UPDATE go_goscope_lock_counter
SET token = ${beginning(`token, ${token}, coalesce((SELECT max(token) FROM go_goscope_locks), 0)`)} WHERE id = 1 RETURNING token AS above`,
      expect: 1,
    },
    // A table with AUTOINCREMENT has no counter before its first row.
    {
      sql: `INSERT INTO sqlite_sequence (name, seq)
SELECT 'go_goscope_claims', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'go_goscope_claims')`,
    },
    {
      sql: `UPDATE sqlite_sequence
SET seq = ${beginning(`seq, ${generation}, coalesce((SELECT max(generation) FROM go_goscope_claims), 0)`)}
WHERE name = 'go_goscope_claims' RETURNING seq AS above`,
      expect: 1,
    },
    { sql: "DELETE FROM go_goscope_meta WHERE key IN ('lineage', 'log_end')" },
    { sql: "INSERT INTO go_goscope_meta (key, value) VALUES ('lineage', ?1)", parameters: [lineage] },
  ]
}
