import { type NameRange, nameRange } from './key-range.js'

/**
 * The only place that joins a prefix and a key.
 *
 * The published layout is `<prefix>cache:<key>`, `<prefix>circuit:<key>`, `<prefix><key>` for idempotency and bare ids
 * for checkpoints. Joined like that, two different pairs can meet in one row ("a:" + "b:c" and "a:b:" + "c"), so:
 *
 * - Tagged names (cache, circuit) split at the first tag. A prefix that contains the tag itself is escaped so that it
 *   no longer does; every other prefix is stored as published.
 * - Untagged names (idempotency, checkpoints) are `plain`, as published, for the first prefix that can have them, and
 *   `qualified` for one that would overlap with it. The choice is made once per prefix and kept in the file
 *   (prefix-layout.ts of the dialect), so a pair always means the same row.
 */
export type NameLayout = 'plain' | 'qualified'

// U+0001 opens and closes the prefix of a qualified name; U+0002 escapes. Neither is found in prefixes people choose.
const MARK = '\u0001'
const ESCAPE = '\u0002'

const escapeMarks = (text: string): string => text.replaceAll(ESCAPE, `${ESCAPE}2`).replaceAll(MARK, `${ESCAPE}1`)

const unescapeMarks = (text: string): string => text.replaceAll(`${ESCAPE}1`, MARK).replaceAll(`${ESCAPE}2`, ESCAPE)

/** What a stored name stands for. */
export interface NamedKey {
  readonly prefix: string
  readonly key: string
}

/** The stored names of keys that follow one text, and back. */
export class PrefixedNames {
  /** What stands before every key. Names of the keys that start with a text are those that start with this and it. */
  readonly start: string

  constructor(start: string) {
    this.start = start
  }

  store(key: string): string {
    return this.start + key
  }

  /** The key of a stored name that {@link store} made. */
  restore(name: string): string {
    return name.slice(this.start.length)
  }
}

/** The names of cache or circuit keys. Injective over all prefixes and keys. */
export function taggedNames(prefix: string, tag: 'cache:' | 'circuit:'): PrefixedNames {
  const word = tag.slice(0, -1)
  return new PrefixedNames(prefix.replaceAll(ESCAPE, `${ESCAPE}2`).replaceAll(tag, `${word}${ESCAPE}:`) + tag)
}

/** What {@link taggedNames} has joined; `undefined` for a name that it does not make. */
export function splitTagged(name: string, tag: 'cache:' | 'circuit:'): NamedKey | undefined {
  const at = name.indexOf(tag)
  if (at === -1) return undefined
  const prefix = name.slice(0, at).replaceAll(`${ESCAPE}:`, ':').replaceAll(`${ESCAPE}2`, ESCAPE)
  const key = name.slice(at + tag.length)
  return key !== '' && taggedNames(prefix, tag).store(key) === name ? { prefix, key } : undefined
}

/** The names of keys in tables of our own, where nothing was published. Injective over all prefixes and keys. */
export function qualifiedNames(prefix: string): PrefixedNames {
  return new PrefixedNames(MARK + escapeMarks(prefix) + MARK)
}

/** Whether a stored name begins as those of {@link qualifiedNames}. */
export function isQualified(name: string): boolean {
  return name.startsWith(MARK)
}

/** What {@link qualifiedNames} has joined; `undefined` for a name that it does not make. */
export function splitQualified(name: string): NamedKey | undefined {
  const at = name.indexOf(MARK, 1)
  if (!isQualified(name) || at === -1) return undefined
  const prefix = unescapeMarks(name.slice(1, at))
  const key = name.slice(at + 1)
  return key !== '' && qualifiedNames(prefix).store(key) === name ? { prefix, key } : undefined
}

/** Whether a prefix can be stored as published at all. */
export function canBePlain(prefix: string): boolean {
  return !prefix.startsWith(MARK)
}

/** The stored name of an idempotency key or of a checkpoint or task id, and back. */
export class NameSpace {
  readonly #plain: PrefixedNames | undefined
  readonly #qualified: PrefixedNames

  /** @param plain What is put before the key in plain layout: the prefix, or nothing for checkpoints. */
  constructor(prefix: string, layout: NameLayout, plain: string) {
    this.#plain = layout === 'plain' ? new PrefixedNames(plain) : undefined
    this.#qualified = qualifiedNames(prefix)
  }

  store(key: string): string {
    const plain = this.#plain
    return plain === undefined || (plain.start === '' && key.startsWith(MARK))
      ? this.#qualified.store(key)
      : plain.store(key)
  }

  /** Where the names are of keys that begin with `startsWith`, in order. */
  ranges(startsWith: string): NameRange[] {
    const qualified = nameRange(this.#qualified.store(startsWith))
    const plain = this.#plain
    if (plain === undefined || (plain.start === '' && startsWith.startsWith(MARK))) return [qualified]
    if (plain.start !== '' || startsWith !== '') return [nameRange(plain.store(startsWith))]
    // All but the names that begin with a mark, of which only its own are among them.
    return [{ first: '', end: MARK }, qualified, { first: ESCAPE, end: null }]
  }

  /** The key of a stored name that {@link store} made. */
  restore(name: string): string {
    return (name.startsWith(this.#qualified.start) ? this.#qualified : (this.#plain ?? new PrefixedNames(''))).restore(
      name,
    )
  }
}

/** The untagged names of one prefix in one database. */
export interface Names {
  readonly idempotency: NameSpace
  readonly checkpoint: NameSpace
}
