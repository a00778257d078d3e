/** What a success is recorded as: the whole result of its task. */
export type StoredResult<T> = readonly [undefined, T]

/**
 * The value of a stored result tuple, or `undefined` when it must run again.
 *
 * A success has nothing in its first place. What a provider that stores plain JSON gives back for the result of a task
 * that returned nothing is `[null, null]`, and for a failed task, which hosts before this one stored too, `[error, null]`:
 * that one is no success, although its second place is not `undefined`.
 */
export function replayable<T>(stored: unknown): { value: T } | undefined {
  if (!Array.isArray(stored) || stored.length !== 2) return undefined
  const [error, value] = stored as [unknown, T]
  const failed = error !== undefined && error !== null && (value === undefined || value === null)
  return failed ? undefined : { value }
}
