import type { Step } from '../../../queue/statement.js'

/**
 * How far a file's counters jump when it goes on from a copy: beyond every number that the original can have given since
 * the copy was made, and short enough for two million jumps before numbers are no longer exact.
 */
const JUMP = 2 ** 32

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
 * @param given What a file has given whose place the copy takes.
 */
export function newLineageSteps(lineage: string, { token, generation }: Given = NOTHING_GIVEN): Step[] {
  const step = (sql: string, ...parameters: string[]): Step => ({ sql, parameters })
  return [
    {
      ...step(`UPDATE go_goscope_lock_counter
SET token = max(token, ${token}, coalesce((SELECT max(token) FROM go_goscope_locks), 0)) + ${JUMP} WHERE id = 1 RETURNING token AS above`),
      expect: 1,
    },
    // Until its first row a table with AUTOINCREMENT has no count.
    step(`INSERT INTO sqlite_sequence (name, seq)
SELECT 'go_goscope_claims', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'go_goscope_claims')`),
    {
      ...step(`UPDATE sqlite_sequence
SET seq = max(seq, ${generation}, coalesce((SELECT max(generation) FROM go_goscope_claims), 0)) + ${JUMP}
WHERE name = 'go_goscope_claims' RETURNING seq AS above`),
      expect: 1,
    },
    step("DELETE FROM go_goscope_meta WHERE key IN ('lineage', 'log_end')"),
    step("INSERT INTO go_goscope_meta (key, value) VALUES ('lineage', ?1)", lineage),
  ]
}
