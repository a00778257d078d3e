import { unbindable } from '../arguments/limits.js'
import { ALL_NAMES, type NameRange, nameRange } from '../keys/key-range.js'
import {
  isQualified,
  type NamedKey,
  type Names,
  qualifiedNames,
  splitQualified,
  splitTagged,
  taggedNames,
} from '../keys/key-space.js'
import type { Inspected } from './database-inspection.js'

/** The ranges of stored names of a list, and the keys of these names. */
export interface Naming {
  ranges(): readonly NameRange[] | Promise<readonly NameRange[]>
  split(name: string): NamedKey | undefined | Promise<NamedKey | undefined>
}

const ALL: readonly NameRange[] = [ALL_NAMES]

/** The names of cache entries or circuits. @param prefix `undefined` for all. */
export function taggedNaming(tag: 'cache:' | 'circuit:', prefix: string | undefined, startsWith: string): Naming {
  const names = prefix === undefined ? undefined : taggedNames(prefix, tag)
  return {
    ranges: () => (names === undefined ? ALL : under(names.store(startsWith))),
    split: (name) => splitTagged(name, tag),
  }
}

/** The names of locks. */
export function qualifiedNaming(prefix: string | undefined, startsWith: string): Naming {
  return {
    ranges: () => (prefix === undefined ? ALL : under(qualifiedNames(prefix).store(startsWith))),
    split: splitQualified,
  }
}

/** The names of idempotency keys or of tasks. For each prefix, the database records how they are stored. */
export class UntaggedNaming implements Naming {
  readonly #inspected: Inspected
  readonly #kind: keyof Names
  readonly #prefix: string | undefined
  readonly #startsWith: string
  /** The plain prefix found last. Consecutive names mostly share it. */
  #plain: string | undefined
  #taskPrefix: Promise<string | undefined> | undefined

  /** @param prefix `undefined` for all. */
  constructor(inspected: Inspected, kind: keyof Names, prefix: string | undefined, startsWith: string) {
    this.#inspected = inspected
    this.#kind = kind
    this.#prefix = prefix
    this.#startsWith = startsWith
  }

  async ranges(): Promise<readonly NameRange[]> {
    if (this.#prefix === undefined) return ALL
    if (unbindable(this.#startsWith) !== undefined) return []
    return (await this.#inspected.namesOf(this.#prefix))[this.#kind].ranges(this.#startsWith)
  }

  async split(name: string): Promise<NamedKey | undefined> {
    if (isQualified(name)) return splitQualified(name)
    const prefix = await (this.#kind === 'checkpoint' ? this.#prefixOfTasks() : this.#plainPrefix(name))
    if (prefix === undefined) return undefined
    return { prefix, key: this.#kind === 'checkpoint' ? name : name.slice(prefix.length) }
  }

  /** No plain prefix begins with another plain prefix, so a name begins with at most one of them. */
  async #plainPrefix(name: string): Promise<string | undefined> {
    if (this.#plain === undefined || !name.startsWith(this.#plain)) {
      const { session, sql } = this.#inspected
      this.#plain = await session.execute(sql.plainPrefix, [name], (row) => text(row?.prefix))
    }
    return this.#plain !== undefined && name.startsWith(this.#plain) ? this.#plain : undefined
  }

  #prefixOfTasks(): Promise<string | undefined> {
    const { session, sql } = this.#inspected
    this.#taskPrefix ??= Promise.resolve(session.execute(sql.plainTasks, [], (row) => text(row?.prefix)))
    return this.#taskPrefix
  }
}

/** Returns no range when no stored name can start with `start`. */
function under(start: string): readonly NameRange[] {
  return unbindable(start) === undefined ? [nameRange(start)] : []
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
