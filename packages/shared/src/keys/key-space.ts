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
 *   (dialects/sqlite/schema/prefix-layout.ts), so a pair always means the same row.
 */
export type NameLayout = 'plain' | 'qualified'

// U+0001 opens and closes the prefix of a qualified name; U+0002 escapes. Neither is found in prefixes people choose.
const MARK = '\u0001'
const ESCAPE = '\u0002'

const escapeMarks = (text: string): string => text.replaceAll(ESCAPE, `${ESCAPE}2`).replaceAll(MARK, `${ESCAPE}1`)

/** What is put before a cache or circuit key. Injective over all prefixes and keys. */
export function taggedPrefix(prefix: string, tag: 'cache:' | 'circuit:'): string {
  const word = tag.slice(0, -1)
  return prefix.replaceAll(ESCAPE, `${ESCAPE}2`).replaceAll(tag, `${word}${ESCAPE}:`) + tag
}

/** What is put before a key in tables of our own, where nothing was published. Injective over all prefixes and keys. */
export function qualifiedPrefix(prefix: string): string {
  return MARK + escapeMarks(prefix) + MARK
}

/** Whether a prefix can be stored as published at all. */
export function canBePlain(prefix: string): boolean {
  return !prefix.startsWith(MARK)
}

/** The stored name of an idempotency key or of a checkpoint or task id, and back. */
export class NameSpace {
  readonly #plain: string | undefined
  readonly #qualified: string

  /** @param plain What is put before the key in plain layout: the prefix, or nothing for checkpoints. */
  constructor(prefix: string, layout: NameLayout, plain: string) {
    this.#plain = layout === 'plain' ? plain : undefined
    this.#qualified = qualifiedPrefix(prefix)
  }

  store(key: string): string {
    return this.#plain === undefined || (this.#plain === '' && key.startsWith(MARK))
      ? this.#qualified + key
      : this.#plain + key
  }

  /** The key of a stored name that {@link store} made. */
  restore(name: string): string {
    if (name.startsWith(this.#qualified)) return name.slice(this.#qualified.length)
    return name.slice(this.#plain?.length ?? 0)
  }
}
