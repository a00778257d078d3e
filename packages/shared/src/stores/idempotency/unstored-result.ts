import type { SqlValue } from '../../driver/driver.js'
import { PersistenceError, type PersistenceErrorCode, problemOf } from '../../errors/persistence-error.js'

const TAG = 'ResultNotStored'

// The longest reason that a mark keeps, in characters: it quotes the path to the member, and members may have long names.
const LONGEST_REASON = 1_000

/** Why a key has ended without the result that was reported for it. */
export interface Unstored {
  readonly report: 'result' | 'error'
  /** Why the store could not take it. */
  readonly problem: PersistenceError
}

/**
 * What stands in the column of the result instead of it, as a BLOB. No codec's text is a BLOB, so no result is taken for
 * a mark; and a process that overwrites, deletes or sweeps the result does so with the mark, also when it does not know
 * of marks. As JSON it is a list of one place: a host that looks for a value in the second place finds none, and runs
 * the key again.
 */
export function unstoredMark({ report, problem }: Unstored): string {
  const { code, operation, message } = problem
  return JSON.stringify([{ _tag: TAG, report, code, operation, message: message.slice(0, LONGEST_REASON) }])
}

/** The content of a mark; `undefined` for a value that is no mark. */
export function unstoredIn(value: SqlValue | undefined): Unstored | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  try {
    const [mark] = JSON.parse(new TextDecoder().decode(value))
    if (mark._tag !== TAG) return undefined
    const problem = new PersistenceError(
      mark.code as PersistenceErrorCode,
      String(mark.operation),
      String(mark.message),
    )
    return { report: mark.report === 'error' ? 'error' : 'result', problem }
  } catch {
    // Bytes that other code has put there: decoding them as a value reports that.
    return undefined
  }
}

/** The error for callers that ask for a result that was not stored, with the problem as its cause. */
export function resultNotStored(key: string, operation: string, { report, problem }: Unstored): PersistenceError {
  return new PersistenceError(
    'RESULT_NOT_STORED',
    operation,
    `${operation}: the work of the key ${JSON.stringify(key)} was done, but its ${report} is not stored: ${problemOf(problem)}; set a value for the key, or delete it to have the work done again`,
    problem,
  )
}
