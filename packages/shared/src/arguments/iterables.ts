import type { PersistenceError } from '../errors/persistence-error.js'
import { invalidArgument, typeName } from './invalid.js'
import { readArgument } from './read-argument.js'

/** Returns the items of an argument that must be iterable but not a string. @throws PersistenceError `INVALID_ARGUMENT`. */
export function itemsOf<Item>(items: Iterable<Item>, operation: string, name: string): Item[] {
  return checkedList(items, operation, name, 'an array or another iterable')
}

const PAIRS = 'an iterable of [key, value] pairs, such as a Map or Object.entries(object)'

/** Returns the pairs of an argument such as the entries of a Map. @throws PersistenceError `INVALID_ARGUMENT`. */
export function pairsOf<Value>(
  pairs: Iterable<readonly [string, Value]>,
  operation: string,
  name: string,
): (readonly [string, Value])[] {
  const items = checkedList(pairs, operation, name, PAIRS)
  const copies = readArgument(() => items.map(copyOfPair), operation, name)
  const wrong = copies.indexOf(undefined)
  if (wrong !== -1) throw wrongItems(operation, name, PAIRS, items[wrong])
  return copies as (readonly [string, Value])[]
}

function copyOfPair<Value>(pair: readonly [string, Value]): readonly [string, Value] | undefined {
  return Array.isArray(pair) ? [pair[0], pair[1]] : undefined
}

function checkedList<Item>(items: Iterable<Item>, operation: string, name: string, wanted: string): Item[] {
  const list = readArgument(() => listOf(items), operation, name)
  if (list !== undefined) return list
  throw wrongItems(operation, name, wanted, items)
}

function listOf<Item>(items: Iterable<Item>): Item[] | undefined {
  if (typeof items !== 'object' || items === null || typeof items[Symbol.iterator] !== 'function') return undefined
  return [...items]
}

function wrongItems(operation: string, name: string, wanted: string, value: unknown): PersistenceError {
  return invalidArgument(operation, `${name} must be ${wanted}, got ${typeName(value)}`)
}
