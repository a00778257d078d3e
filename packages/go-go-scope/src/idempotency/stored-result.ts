import type { KeyRequest } from './keyed-run.js'
import { ResultNotStoredError, reasonOf, saysNotStored } from './result-not-stored-error.js'

/** The record of a success: the whole result of its task, or a mark for a result that could not be stored. */
export type StoredResult<T> = readonly [undefined, T] | UnstoredMark

/**
 * A tuple with one element. The published host looks for a value in the second element, finds none, also in plain JSON,
 * and runs the key again, as it would without the mark.
 */
type UnstoredMark = readonly [{ readonly _tag: 'ResultNotStored'; readonly reason: string }]

export function unstoredMark(reason: string): UnstoredMark {
  return [{ _tag: 'ResultNotStored', reason }]
}

/**
 * Returns the value of a stored result, or `undefined` if the key must run again.
 *
 * The first element of a success is empty. A provider that stores plain JSON returns `[null, null]` for a task without a
 * result, and `[error, null]` for a failed task, which older hosts stored too. The latter is not a success, although its
 * second element is not `undefined`.
 *
 * @throws ResultNotStoredError, and an error for a value that no task has stored: the work of its key may have been done.
 */
export function replayable<T>(key: string, stored: unknown): { value: T } | undefined {
  if (Array.isArray(stored) && stored.length === 1) refuseMark(key, stored[0])
  if (!Array.isArray(stored) || stored.length !== 2) {
    throw new Error(`The idempotency key '${key}' holds a value that no task has stored; use another key, or delete it`)
  }
  const [error, value] = stored as [unknown, T]
  const failed = error !== undefined && error !== null && (value === undefined || value === null)
  return failed ? undefined : { value }
}

function refuseMark(key: string, place: unknown): void {
  if (typeof place !== 'object' || place === null) return
  const { _tag, reason } = place as Partial<UnstoredMark[0]>
  if (_tag === 'ResultNotStored') throw ResultNotStoredError.forLater(key, String(reason))
}

/** Stores a result, and tries once more if the store says that the same call may succeed then, as when it was busy. */
export async function storeResult<T>(store: () => Promise<T>): Promise<T> {
  try {
    return await store()
  } catch (error) {
    if (!isRetryable(error)) throw error
    return store()
  }
}

function isRetryable(error: unknown): boolean {
  try {
    return Object(error).retryable === true
  } catch {
    // An error that cannot be read does not say that.
    return false
  }
}

/**
 * Marks the key of a successful task whose result could not be stored, so that the key does not silently run again.
 * Reports that once. Never rejects.
 *
 * @param cause The error of the store.
 * @param record Stores the mark. Called unless the store has ended the key itself. `false`: the task has lost the key.
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
    // The cause is reported. This error is usually the same failure again, for example of a closed store.
    marked = saysNotStored(error)
  }
  const consequence = marked
    ? 'the key counts as done'
    : 'nothing is on record for the key either, so that it may run again'
  report(source, new ResultNotStoredError(key, reason, consequence, { cause }))
}
