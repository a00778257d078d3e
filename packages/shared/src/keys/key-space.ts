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

/** The names of keys in tables of our own, where nothing was published. Injective over all prefixes and keys. */
export function qualifiedNames(prefix: string): PrefixedNames {
  return new PrefixedNames(MARK + escapeMarks(prefix) + MARK)
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
