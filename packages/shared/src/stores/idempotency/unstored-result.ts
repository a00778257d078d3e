import type { SqlValue } from '../../driver/driver.js'
import { PersistenceError, type PersistenceErrorCode, problemOf } from '../../errors/persistence-error.js'

const TAG = 'ResultNotStored'

// Maximum length of the reason in a marker, in characters: it contains the path to the member, and members may have long names.
const LONGEST_REASON = 1_000

/** Why a key has ended without its reported result. */
export interface Unstored {
  readonly report: 'result' | 'error'
  /** Why the store could not hold it. */
  readonly problem: PersistenceError
}

/**
 * A marker that is stored as a BLOB instead of the result. The text of a codec is never a BLOB, so no result is mistaken for a
 * marker. A process that overwrites, deletes or sweeps the result does so with the marker, even if it does not know of markers.
 * As JSON it is an array with one element: a host that looks for a value in the second element finds none, and runs the key
 * again.
 */
export function unstoredMark({ report, problem }: Unstored): string {
  const { code, operation, message } = problem
  return JSON.stringify([{ _tag: TAG, report, code, operation, message: message.slice(0, LONGEST_REASON) }])
}

/** Returns the content of a marker; `undefined` for any other value. */
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
    // Bytes from other code: decoding them as a value reports that.
    return undefined
  }
}

/** Creates the error for callers that request a result which was not stored, with the problem as its cause. */
export function resultNotStored(key: string, operation: string, { report, problem }: Unstored): PersistenceError {
  return new PersistenceError(
    'RESULT_NOT_STORED',
    operation,
    `${operation}: the work of the key ${JSON.stringify(key)} was done, but its ${report} is not stored: ${problemOf(problem)}; set a value for the key, or delete it to have the work done again`,
    problem,
  )
}
