import { type NameRange, nameRange } from './key-range.js'

/**
 * The only module that joins a prefix and a key.
 *
 * The published layout is `<prefix>cache:<key>`, `<prefix>circuit:<key>`, `<prefix><key>` for idempotency and bare ids for
 * checkpoints. Joined this way, two different pairs can share one row ("a:" + "b:c" and "a:b:" + "c"), so:
 * - Tagged names (cache, circuit) split at the first tag. A prefix that contains the tag is escaped; every other prefix is stored
 *   as published.
 * - Untagged names (idempotency, checkpoints) are `plain`, as published, for the first prefix that can have them, and `qualified`
 *   for a prefix that would overlap with it. The choice is made once per prefix and recorded in the file (prefix-layout.ts of the
 *   dialect), so a pair always means the same row.
 */
export type NameLayout = 'plain' | 'qualified'

// U+0001 opens and closes the prefix of a qualified name; U+0002 escapes. Prefixes chosen by people do not contain them.
const MARK = '\u0001'
const ESCAPE = '\u0002'

const escapeMarks = (text: string): string => text.replaceAll(ESCAPE, `${ESCAPE}2`).replaceAll(MARK, `${ESCAPE}1`)

const unescapeMarks = (text: string): string => text.replaceAll(`${ESCAPE}1`, MARK).replaceAll(`${ESCAPE}2`, ESCAPE)

/** The prefix and the key of a stored name. */
export interface NamedKey {
  readonly prefix: string
  readonly key: string
}

/** Converts keys with a common start to stored names, and back. */
export class PrefixedNames {
  /** Precedes every key. Names of keys that start with a text start with this followed by that text. */
  readonly start: string

  constructor(start: string) {
    this.start = start
  }

  store(key: string): string {
    return this.start + key
  }

  /** Returns the key of a stored name that {@link store} made. */
  restore(name: string): string {
    return name.slice(this.start.length)
  }
}

/** The names of cache or circuit keys. Injective across all prefixes and keys. */
export function taggedNames(prefix: string, tag: 'cache:' | 'circuit:'): PrefixedNames {
  const word = tag.slice(0, -1)
  return new PrefixedNames(prefix.replaceAll(ESCAPE, `${ESCAPE}2`).replaceAll(tag, `${word}${ESCAPE}:`) + tag)
}

/** Splits a name made by {@link taggedNames}; `undefined` for any other name. */
export function splitTagged(name: string, tag: 'cache:' | 'circuit:'): NamedKey | undefined {
  const at = name.indexOf(tag)
  if (at === -1) return undefined
  const prefix = name.slice(0, at).replaceAll(`${ESCAPE}:`, ':').replaceAll(`${ESCAPE}2`, ESCAPE)
  const key = name.slice(at + tag.length)
  return key !== '' && taggedNames(prefix, tag).store(key) === name ? { prefix, key } : undefined
}

/** The names of keys in our own tables, which have no published layout. Injective across all prefixes and keys. */
export function qualifiedNames(prefix: string): PrefixedNames {
  return new PrefixedNames(MARK + escapeMarks(prefix) + MARK)
}

/** Returns whether a stored name starts like those of {@link qualifiedNames}. */
export function isQualified(name: string): boolean {
  return name.startsWith(MARK)
}

/** Splits a name made by {@link qualifiedNames}; `undefined` for any other name. */
export function splitQualified(name: string): NamedKey | undefined {
  const at = name.indexOf(MARK, 1)
  if (!isQualified(name) || at === -1) return undefined
  const prefix = unescapeMarks(name.slice(1, at))
  const key = name.slice(at + 1)
  return key !== '' && qualifiedNames(prefix).store(key) === name ? { prefix, key } : undefined
}

/** Returns whether a prefix can be stored as published. */
export function canBePlain(prefix: string): boolean {
  return !prefix.startsWith(MARK)
}

/** Converts an idempotency key, or a checkpoint or task id, to its stored name, and back. */
export class NameSpace {
  readonly #plain: PrefixedNames | undefined
  readonly #qualified: PrefixedNames

  /** @param plain What precedes the key in the plain layout: the prefix, or nothing for checkpoints. */
  constructor(prefix: string, layout: NameLayout, plain: string) {
    this.#plain = layout === 'plain' ? new PrefixedNames(plain) : undefined
    this.#qualified = qualifiedNames(prefix)
  }

  store(key: string): string {
    return this.#namesFor(key).store(key)
  }

  /** Returns the ranges of the names whose keys start with `startsWith`, in order. */
  ranges(startsWith: string): NameRange[] {
    const qualified = nameRange(this.#qualified.store(startsWith))
    const names = this.#namesFor(startsWith)
    if (names === this.#qualified) return [qualified]
    if (names.start !== '' || startsWith !== '') return [nameRange(names.store(startsWith))]
    // All names except those that start with a mark; of these only its own.
    return [{ first: '', end: MARK }, qualified, { first: ESCAPE, end: null }]
  }

  /** Returns the key of a stored name that {@link store} made. */
  restore(name: string): string {
    if (name.startsWith(this.#qualified.start)) return this.#qualified.restore(name)
    return this.#plain === undefined ? name : this.#plain.restore(name)
  }

  /** A key that starts with a mark would look like a qualified name if nothing preceded it. */
  #namesFor(startOfKey: string): PrefixedNames {
    const plain = this.#plain
    return plain === undefined || (plain.start === '' && startOfKey.startsWith(MARK)) ? this.#qualified : plain
  }
}

/** The untagged names of one prefix in one database. */
export interface Names {
  readonly idempotency: NameSpace
  readonly checkpoint: NameSpace
}
