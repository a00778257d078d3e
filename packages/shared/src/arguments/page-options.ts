import { invalidArgument, shown } from './invalid.js'

/** The most items that a list is to have; Infinity for all. @throws PersistenceError `INVALID_ARGUMENT`. */
export function checkedLimit(limit: unknown, operation: string): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY
  if (Number.isSafeInteger(limit) && (limit as number) > 0) return limit as number
  throw invalidArgument(
    operation,
    `option limit must be a whole number above 0, got ${shown(limit)}; leave it out for all`,
  )
}

/** The text that keys are to begin with; empty for all. @throws PersistenceError `INVALID_ARGUMENT`. */
export function checkedStart(startsWith: unknown, operation: string): string {
  if (startsWith === undefined) return ''
  if (typeof startsWith === 'string') return startsWith
  throw invalidArgument(operation, `option startsWith must be a string, got ${shown(startsWith)}; leave it out for all`)
}
