import type { Step } from '../../../queue/statement.js'
import type { NewNumbers } from './new-numbers.js'

/** The highest numbers that a file has given, of which another one that takes its place must give greater ones. */
export interface Given {
  readonly token: number
  readonly generation: number
}

const NOTHING_GIVEN: Given = { token: 0, generation: 0 }

/**
 * Steps that make a copy a file of its own, in one transaction: tokens of locks and generations of claims go on growing,
 * so that fencing still fences what the original granted after the copy was made, and the lineage is a new one, so that
 * nobody takes the two histories for one. The first gives the last token, as `above`, the third the last generation.
 *
 * @param lineage An id that no other file has.
 * @param numbers Where its numbers begin.
 * @param given What a file has given whose place the copy takes.
 */
export function newLineageSteps(
  lineage: string,
  { jump, clock, beyond }: NewNumbers,
  { token, generation }: Given = NOTHING_GIVEN,
): Step[] {
  const beginning = (known: string): string => `max(max(${known}) + ${jump}, ${clock}) + ${beyond}`
  const step = (sql: string, ...parameters: string[]): Step => ({ sql, parameters })
  return [
    {
      ...step(`UPDATE go_goscope_lock_counter
SET token = ${beginning(`token, ${token}, coalesce((SELECT max(token) FROM go_goscope_locks), 0)`)} WHERE id = 1 RETURNING token AS above`),
      expect: 1,
    },
    // Until its first row a table with AUTOINCREMENT has no count.
    step(`INSERT INTO sqlite_sequence (name, seq)
SELECT 'go_goscope_claims', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'go_goscope_claims')`),
    {
      ...step(`UPDATE sqlite_sequence
SET seq = ${beginning(`seq, ${generation}, coalesce((SELECT max(generation) FROM go_goscope_claims), 0)`)}
WHERE name = 'go_goscope_claims' RETURNING seq AS above`),
      expect: 1,
    },
    step("DELETE FROM go_goscope_meta WHERE key IN ('lineage', 'log_end')"),
    step("INSERT INTO go_goscope_meta (key, value) VALUES ('lineage', ?1)", lineage),
  ]
}
