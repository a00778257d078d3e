import { tagOf } from '../arguments/invalid.js'
import { reasonOf } from '../arguments/read-argument.js'
import { hasContent, isEncodedTag, type Kind, kindOf, readLeaf } from './built-in.js'
import { pathOf, segment, type Visited, type Way } from './member-path.js'
import { itemNames, namedMembers } from './named-members.js'
import { reduceError } from './stored-error.js'
import { UnstorableError } from './unstorable-error.js'

/**
 * The maximum nesting depth of values. Encoding and decoding recurse, and the stack of the reading runtime may be smaller than
 * that of the writing one, so the limit is far below the capacity of the smallest.
 */
const DEEPEST = 1_000
/** How many levels a value counts as that is written as a record with a list of members. Any other value is one level. */
const RECORD_LEVELS = 4

/** The members by which the encoder reads built-in objects. */
const READ = ['toISOString', 'getDate', 'valueOf', 'toString', 'source', 'flags', 'buffer', 'byteOffset', 'byteLength']

/** Added members of arrays, Maps, Sets, Dates and RegExps. */
export type AddedMembers = ReadonlyMap<object, readonly string[]>

/**
 * Checks everything in `value` before it is encoded, without recursion and in the order of the encoder. It refuses what would be
 * lost, or be too deep for the reading runtime, with the path to it.
 *
 * @throws UnstorableError
 */
export function checkStorable(value: unknown): CheckedValue {
  const survey = new Survey()
  survey.run(value)
  return { members: survey.members, check: (later) => (typeof later === 'object' ? survey.run(later) : later) }
}

interface CheckedValue {
  readonly members: AddedMembers
  /** Checks a value that is read later, unless that is done already, and returns it. */
  readonly check: (later: unknown) => unknown
}

class Survey {
  readonly members = new Map<object, string[]>()
  readonly #seen = new Set<object>()
  /** The records that contain the next place. */
  readonly #records = new Set<object>()
  /** The same, each with the length of {@link #pending} when it was visited, outermost first. */
  readonly #open: { readonly value: object; readonly from: number }[] = []
  readonly #pending: Visited[] = []

  run(root: unknown): unknown {
    if (this.#seen.has(root as object)) return root
    this.#push(root, undefined, 'member', undefined, 1)
    for (let place = this.#pending.pop(); place !== undefined; place = this.#pending.pop()) {
      this.#closeRecords()
      // Only now, because a repeated object is encoded where it is reached first.
      if (this.#seen.has(place.value)) {
        this.#refuseCycle(place)
        continue
      }
      this.#seen.add(place.value)
      const from = this.#pending.length
      this.#visit(place)
      // The first child is checked next, with everything in it.
      reverse(this.#pending, from)
    }
    this.#records.clear()
    this.#open.length = 0
    return root
  }

  /**
   * Forgets the records of which everything was checked. To search the parents of a place for a record would take a time that
   * grows with its depth.
   */
  #closeRecords(): void {
    while ((this.#open.at(-1)?.from ?? 0) > this.#pending.length) {
      this.#records.delete(this.#open.pop()?.value as object)
    }
  }

  /** Refuses a reference to a record from within: the reader makes a record when it has read everything in it. */
  #refuseCycle(place: Visited): void {
    if (!this.#records.has(place.value)) return
    const problem = `it is the ${tagOf(place.value)} that contains it, and such a cycle cannot be read back`
    throw new UnstorableError(`${problem}; store plain data, or pass a codec`, pathOf(place))
  }

  #visit(place: Visited): void {
    try {
      this.#inspect(place)
    } catch (cause) {
      if (cause instanceof UnstorableError) throw cause
      throw unreadable(cause, pathOf(place))
    }
  }

  #inspect(place: Visited): void {
    const { value, depth } = place
    const kind = kindOf(value)
    if (kind === undefined) throw new UnstorableError(describeInstance(value), pathOf(place))
    if (kind === 'object' && Object.keys(value).length === 0 && hasContent(value)) {
      const problem = 'its prototype was replaced, so its content would be lost; store plain data, or pass a codec'
      throw new UnstorableError(problem, pathOf(place))
    }
    if (depth > DEEPEST) {
      throw new UnstorableError(
        `it is nested deeper than ${DEEPEST} levels, the limit; store it flatter, for example as a list, or pass a codec`,
        pathOf(place),
      )
    }
    this.#refuseSymbols(place, kind)
    const members = kind === 'error' || kind === 'object' ? [] : membersBeside(value, kind)
    if (members.length > 0) this.#addMembers(place, members)
    const isRecord = members.length > 0 || kind === 'error' || Object.hasOwn(value, '__proto__')
    if (isRecord) {
      this.#records.add(value)
      this.#open.push({ value, from: this.#pending.length })
    }
    this.#children(place, kind, depth + (isRecord ? RECORD_LEVELS : 1))
    for (const name of members) this.#push(read(place, name), place, 'member', name, depth + RECORD_LEVELS)
    if (kind !== 'error') this.#refuseHidden(place, kind)
  }

  #children(place: Visited, kind: Kind, depth: number): void {
    const { value } = place
    if (kind === 'error') {
      const { members } = reduceError(value as Error, (_, name) => read(place, name))
      for (const [name, child] of members) this.#push(child, place, 'member', name, depth)
    } else if (kind === 'object') {
      for (const name of Object.keys(value)) this.#push(read(place, name), place, 'member', name, depth)
    } else if (kind === 'array') {
      this.#items(place, value as unknown[], depth)
    } else if (kind === 'map') {
      let at = 0
      for (const [key, child] of value as Map<unknown, unknown>) {
        this.#push(key, place, 'keys', at++, depth)
        this.#push(child, place, 'get', key, depth)
      }
    } else if (kind === 'set') {
      let at = 0
      for (const child of value as Set<unknown>) this.#push(child, place, 'values', at++, depth)
    } else if (kind === 'leaf') {
      readLeaf(value)
    }
  }

  #items(place: Visited, items: unknown[], depth: number): void {
    for (let at = 0; at < items.length; at++) {
      const item = items[at]
      if (item === undefined && !Object.hasOwn(items, at)) {
        // A sparse array may have few items.
        for (const index of itemNames(items)) {
          if (Number(index) > at) this.#push(items[Number(index)], place, 'member', Number(index), depth)
        }
        return
      }
      this.#push(item, place, 'member', at, depth)
    }
  }

  #push(value: unknown, parent: Visited | undefined, way: Way, key: unknown, depth: number): void {
    if (typeof value === 'object' && value !== null) this.#pending.push({ value, depth, parent, way, key })
    else if (typeof value === 'function' || typeof value === 'symbol') {
      const place = { value: {}, depth, parent, way, key }
      throw new UnstorableError(`it is a ${typeof value}; store plain data, or pass a codec`, pathOf(place))
    }
  }

  #addMembers(place: Visited, members: string[]): void {
    const tag = tagOf(place.value)
    if (!['Array', 'Date', 'Map', 'RegExp', 'Set'].includes(tag)) {
      const problem = `it is a member of a ${tag}, which would be lost; store plain data, or pass a codec`
      throw new UnstorableError(problem, pathOf(place) + segment('member', members[0]))
    }
    this.members.set(place.value, members)
  }

  #refuseSymbols(place: Visited, kind: Kind): void {
    for (const symbol of Object.getOwnPropertySymbols(place.value)) {
      const isData = Object.prototype.propertyIsEnumerable.call(place.value, symbol)
      // Even hidden, a tag makes the encoder take the object for one of another class. It does not look at those of errors.
      const misleads =
        (symbol === Symbol.toStringTag && (kind === 'object' ? isEncodedTag(tagOf(place.value)) : kind !== 'error')) ||
        (symbol === Symbol.iterator && (kind === 'map' || kind === 'set'))
      if (!isData && !misleads) continue
      const problem = 'its name is a symbol, which cannot be stored; store plain data, or pass a codec'
      throw new UnstorableError(problem, pathOf(place) + segment('member', symbol))
    }
  }

  /** Refuses a hidden or inherited method by which the value would be written as something else. */
  #refuseHidden(place: Visited, kind: Kind): void {
    if (kind === 'leaf') {
      const isHidden = (name: string) => !Object.prototype.propertyIsEnumerable.call(place.value, name)
      const hidden = READ.find((name) => Object.hasOwn(place.value, name) && isHidden(name))
      if (hidden !== undefined) {
        const problem = `it replaces what a ${tagOf(place.value)} is stored by; store plain data, or pass a codec`
        throw new UnstorableError(problem, pathOf(place) + segment('member', hidden))
      }
    }
    if (typeof member(place.value, 'toJSON') !== 'function') return
    if (typeof Object.getOwnPropertyDescriptor(place.value, 'toJSON')?.value !== 'function') return
    const problem = 'it is a function; store what toJSON() returns, or pass a codec'
    throw new UnstorableError(problem, pathOf(place) + segment('member', 'toJSON'))
  }
}

/** Returns the names of the members that were added to a built-in object. */
function membersBeside(value: object, kind: Kind): string[] {
  const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView)
  if (kind === 'array' || isTyped) return namedMembers(value as unknown[])
  const tag = tagOf(value)
  // The first names of a String are those of its characters.
  const names = Object.keys(value).slice(tag === 'String' ? (value as unknown as string).length : 0)
  const moved = tag === 'RegExp' && !Object.is((value as RegExp).lastIndex, 0)
  return moved ? [...names, 'lastIndex'] : names
}

function describeInstance(value: object): string {
  const name = className(value)
  if (typeof member(value, 'then') === 'function') {
    return `it is a ${name}; did you forget await? Store what it resolves to`
  }
  const tag = tagOf(value)
  const parent = name === tag || tag === 'Object' ? '' : `, of which only the ${tag} could be stored`
  return `it is an instance of ${name}${parent}; store plain data, or pass a codec`
}

function className(value: object): string {
  const name = (member(value, 'constructor') as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? name : tagOf(value)
}

function read(place: Visited, name: string): unknown {
  try {
    return member(place.value, name)
  } catch (cause) {
    throw unreadable(cause, pathOf(place) + segment('member', name))
  }
}

function unreadable(cause: unknown, path: string): UnstorableError {
  return new UnstorableError(`it cannot be read (${reasonOf(cause)}); store plain data, or pass a codec`, path, cause)
}

const member = (value: object, name: string): unknown => (value as Record<string, unknown>)[name]

function reverse(places: Visited[], from: number): void {
  for (let low = from, high = places.length - 1; low < high; low++, high--) {
    const place = places[low] as Visited
    places[low] = places[high] as Visited
    places[high] = place
  }
}
