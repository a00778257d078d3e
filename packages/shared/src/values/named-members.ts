import { inspect } from 'node:util'

// Up to this length, listing all names is faster: a name takes 90 ns on Bun and 17 ns on Node.
const FEW = process.versions.bun === undefined ? 80 : 32

/** Inspects the members besides the items, in a time that hardly depends on the number of items. */
const WITHOUT_ITEMS = { maxArrayLength: 0, customInspect: false, depth: 0, compact: true, breakLength: Infinity }

/**
 * Returns whether an array without holes has enumerable members besides its items, like the result of `match`. Listing the names
 * of a long array creates a text for each index, which takes many times as long as encoding it. So a long array is inspected instead.
 */
export function hasNamedMembers(items: readonly unknown[]): boolean {
  if (items.length > FEW) {
    try {
      return !inspect(items, WITHOUT_ITEMS).endsWith(`${BEFORE}${items.length}${AFTER}`)
    } catch {
      // There is a member, such as an error whose name is a getter that throws. Its path is found when it is read.
      return true
    }
  }
  return Object.keys(items).length !== items.length || Object.getOwnPropertySymbols(items).length !== 0
}

// Derived from the runtime, because the text may change with its version. The result is then `true`, and the names are listed.
const [BEFORE = '', AFTER = ''] = inspect(new Array(FEW).fill(0), WITHOUT_ITEMS).split(String(FEW))

/** Returns the names of the enumerable members of an array or a typed array that are not items. */
export function namedMembers(items: readonly unknown[]): string[] {
  // A short one is listed in any case: with as many holes as named members it has as many names as items.
  if (items.length > FEW && !hasNamedMembers(items)) return []
  const names = Object.keys(items)
  return names.slice(countOfIndices(names))
}

/** Returns the names of the enumerable items of an array, without its holes, of which there may be billions. */
export function itemNames(items: readonly unknown[]): string[] {
  const names = Object.keys(items)
  return names.slice(0, countOfIndices(names))
}

/** The indices come first. */
const countOfIndices = (names: readonly string[]): number => names.findLastIndex(isIndex) + 1

const isIndex = (name: string): boolean => String(Number(name) >>> 0) === name && name !== '4294967295'
