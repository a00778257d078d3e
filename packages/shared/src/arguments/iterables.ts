import { PersistenceError } from '../errors/persistence-error.js'

/** The items of an argument that must be iterable and no string. @throws PersistenceError `INVALID_ARGUMENT`. */
export function itemsOf<Item>(items: Iterable<Item>, operation: string, name: string): Item[] {
  if (typeof items === 'object' && items !== null && typeof items[Symbol.iterator] === 'function') return [...items]
  throw invalid(operation, name, 'an array or another iterable', items)
}

/** The pairs of an argument such as the entries of a Map. @throws PersistenceError `INVALID_ARGUMENT`. */
export function pairsOf<Value>(
  pairs: Iterable<readonly [string, Value]>,
  operation: string,
  name: string,
): (readonly [string, Value])[] {
  const items = itemsOf(pairs, operation, name)
  for (const item of items) {
    if (!Array.isArray(item)) throw invalid(operation, name, 'an iterable of [key, value] pairs', item)
  }
  return items
}

function invalid(operation: string, name: string, wanted: string, value: unknown): PersistenceError {
  const got = value === null ? 'null' : typeof value
  return new PersistenceError('INVALID_ARGUMENT', operation, `${operation}: ${name} must be ${wanted}, got ${got}`)
}
