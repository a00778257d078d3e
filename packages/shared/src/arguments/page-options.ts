import { invalidArgument, shown } from './invalid.js'

/** Returns the maximum number of items of a list; Infinity for all. @throws PersistenceError `INVALID_ARGUMENT`. */
export function checkedLimit(limit: unknown, operation: string): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY
  if (Number.isSafeInteger(limit) && (limit as number) > 0) return limit as number
  throw invalidArgument(
    operation,
    `option limit must be a whole number above 0, got ${shown(limit)}; leave it out for all`,
  )
}

/** Returns the text that keys must start with; empty for all keys. @throws PersistenceError `INVALID_ARGUMENT`. */
export function checkedStart(startsWith: unknown, operation: string): string {
  if (startsWith === undefined) return ''
  if (typeof startsWith === 'string') return startsWith
  throw invalidArgument(operation, `option startsWith must be a string, got ${shown(startsWith)}; leave it out for all`)
}
