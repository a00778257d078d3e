import { unbindable } from '../arguments/limits.js'
import { type NameRange, nameRange } from '../keys/key-range.js'
import {
  isQualified,
  type NamedKey,
  type Names,
  qualifiedNames,
  splitQualified,
  splitTagged,
  taggedNames,
} from '../keys/key-space.js'
import type { Session } from '../session/session.js'
import type { InspectSql } from './inspect-sql.js'

/** Where the names of a table are that a list has, and what they stand for. */
export interface Naming {
  ranges(): readonly NameRange[] | Promise<readonly NameRange[]>
  split(name: string): NamedKey | undefined | Promise<NamedKey | undefined>
}

const ALL: readonly NameRange[] = [{ first: '', end: null }]

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

/** How the names of idempotency keys, or of tasks, are stored is settled prefix by prefix. */
export class UntaggedNaming implements Naming {
  readonly #session: Session
  readonly #sql: InspectSql
  readonly #kind: keyof Names
  readonly #prefix: string | undefined
  readonly #startsWith: string
  readonly #namesOf: (prefix: string) => Promise<Names>
  /** The last plain prefix: names that follow one another mostly share it. */
  #plain: string | undefined
  #taskPrefix: Promise<string | undefined> | undefined

  constructor(
    session: Session,
    sql: InspectSql,
    kind: keyof Names,
    prefix: string | undefined,
    startsWith: string,
    namesOf: (prefix: string) => Promise<Names>,
  ) {
    this.#session = session
    this.#sql = sql
    this.#kind = kind
    this.#prefix = prefix
    this.#startsWith = startsWith
    this.#namesOf = namesOf
  }

  async ranges(): Promise<readonly NameRange[]> {
    if (this.#prefix === undefined) return ALL
    if (unbindable(this.#startsWith) !== undefined) return []
    return (await this.#namesOf(this.#prefix))[this.#kind].ranges(this.#startsWith)
  }

  async split(name: string): Promise<NamedKey | undefined> {
    if (isQualified(name)) return splitQualified(name)
    const prefix = await (this.#kind === 'checkpoint' ? this.#prefixOfTasks() : this.#plainPrefix(name))
    if (prefix === undefined) return undefined
    return { prefix, key: this.#kind === 'checkpoint' ? name : name.slice(prefix.length) }
  }

  /** Of plain prefixes none begins with another, so at most one of them begins a name. */
  async #plainPrefix(name: string): Promise<string | undefined> {
    if (this.#plain === undefined || !name.startsWith(this.#plain)) {
      this.#plain = await this.#session.execute(this.#sql.plainPrefix, [name], (row) => text(row?.prefix))
    }
    return this.#plain !== undefined && name.startsWith(this.#plain) ? this.#plain : undefined
  }

  #prefixOfTasks(): Promise<string | undefined> {
    this.#taskPrefix ??= Promise.resolve(this.#session.execute(this.#sql.plainTasks, [], (row) => text(row?.prefix)))
    return this.#taskPrefix
  }
}

/** None where no name can begin like that. */
function under(start: string): readonly NameRange[] {
  return unbindable(start) === undefined ? [nameRange(start)] : []
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
