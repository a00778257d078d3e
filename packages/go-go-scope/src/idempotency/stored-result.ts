import type { KeyRequest } from './keyed-run.js'
import { ResultNotStoredError, reasonOf, saysNotStored } from './result-not-stored-error.js'

/** What is recorded for a success: the whole result of its task, or the mark of a result that could not be stored. */
export type StoredResult<T> = readonly [undefined, T] | UnstoredMark

/**
 * The mark has one place only. The published host looks for a value in the second place, finds none, also in plain JSON,
 * and runs the key again, as it would without the mark.
 */
type UnstoredMark = readonly [{ readonly _tag: 'ResultNotStored'; readonly reason: string }]

export function unstoredMark(reason: string): UnstoredMark {
  return [{ _tag: 'ResultNotStored', reason }]
}

/**
 * The value of a stored result, or `undefined` when the key must run again.
 *
 * A success has nothing in its first place. A provider that stores plain JSON gives back `[null, null]` for a task that
 * returned nothing, and `[error, null]` for a failed task, which hosts before this one stored too. The latter is no
 * success, although its second place is not `undefined`.
 *
 * @throws ResultNotStoredError
 */
export function replayable<T>(key: string, stored: unknown): { value: T } | undefined {
  if (!Array.isArray(stored)) return undefined
  if (stored.length === 1) refuseMark(key, stored[0])
  if (stored.length !== 2) return undefined
  const [error, value] = stored as [unknown, T]
  const failed = error !== undefined && error !== null && (value === undefined || value === null)
  return failed ? undefined : { value }
}

function refuseMark(key: string, place: unknown): void {
  if (typeof place !== 'object' || place === null) return
  const { _tag, reason } = place as Partial<UnstoredMark[0]>
  if (_tag === 'ResultNotStored') throw ResultNotStoredError.forLater(key, String(reason))
}

/**
 * Marks the key of a task that has succeeded and whose result could not be stored, so that the key is not run again in
 * silence, and reports that, once. Never rejects.
 *
 * @param cause the error of the store.
 * @param record stores the mark; called unless the store has ended the key itself. `false`: the task has lost the key.
 */
export async function reportUnstored(
  { key, report }: KeyRequest,
  source: string,
  cause: unknown,
  record: (mark: StoredResult<never>) => Promise<boolean>,
): Promise<void> {
  const reason = reasonOf(cause)
  let marked = saysNotStored(cause)
  try {
    marked ||= await record(unstoredMark(reason))
  } catch (error) {
    // The cause is reported. This error is mostly the same failure again, as of a store that is closed.
    marked = saysNotStored(error)
  }
  const consequence = marked
    ? 'the key counts as done'
    : 'nothing is on record for the key either, so that it may run again'
  report(source, new ResultNotStoredError(key, reason, consequence, { cause }))
}
