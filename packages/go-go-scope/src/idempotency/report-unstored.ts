import type { IdempotentRequest } from './idempotent-turn.js'
import { ResultNotStoredError, reasonOf, saysNotStored } from './result-not-stored-error.js'
import { type StoredResult, unstoredMark } from './stored-result.js'

/**
 * A task has succeeded and its result could not be stored: marks the key, so that it is not run again in silence, and
 * reports that, once. Never rejects.
 *
 * @param cause what the store said.
 * @param record stores the mark, unless the store has ended the key by itself; `false` when the key is not the task's any
 *   more.
 */
export async function reportUnstored(
  { key, report }: IdempotentRequest,
  source: string,
  cause: unknown,
  record: (mark: StoredResult<never>) => Promise<boolean>,
): Promise<void> {
  const reason = reasonOf(cause)
  let marked = saysNotStored(cause)
  try {
    marked ||= await record(unstoredMark(reason))
  } catch (error) {
    // The cause is reported. This is mostly the same failure again, as of a store that is closed.
    marked = saysNotStored(error)
  }
  const consequence = marked
    ? 'the key counts as done'
    : 'nothing is on record for the key either, so that it may run again'
  report(source, new ResultNotStoredError(key, reason, consequence, { cause }))
}
