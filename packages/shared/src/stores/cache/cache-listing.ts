import { invalidArgument, shown } from '../../arguments/invalid.js'
import { checkKey, unbindable } from '../../arguments/limits.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import { checkedLimit, checkedStart } from '../../arguments/page-options.js'
import { keyPattern } from '../../keys/key-pattern.js'
import { type KeyRange, keyRange } from '../../keys/key-range.js'
import { nothing } from '../../queue/statement.js'
import { nameOf, walkRows } from '../../session/row-walk.js'
import type { Session } from '../../session/session.js'
import type { EntriesOptions, StartsWith } from './cache-provider.js'
import { ABSENT, type CacheRows } from './cache-rows.js'
import { Loads } from './loads.js'

const STARTS_WITH: OptionNames<StartsWith> = { startsWith: true }
const ENTRIES_OPTIONS: OptionNames<EntriesOptions> = { startsWith: true, after: true, limit: true }

/** The operations of a cache on many keys that it finds itself. */
export class CacheListing {
  readonly #session: Session
  readonly #rows: CacheRows
  readonly #loads: Loads

  constructor(session: Session, rows: CacheRows) {
    this.#session = session
    this.#rows = rows
    this.#loads = session.connection.shared(Loads)
  }

  async clear(options: StartsWith = {}): Promise<void> {
    const { startsWith } = readOptions(options, STARTS_WITH, 'cache.clear')
    const range = this.#range(startsWith, 'cache.clear')
    if (range === undefined) return
    this.#loads.overtakeAll(this.#rows.entryPrefix + range.first)
    return this.#session.execute(this.#rows.sql.clear, [range.first, range.end], nothing)
  }

  async keys(given: string | StartsWith = '*'): Promise<string[]> {
    if (typeof given === 'object') {
      const { startsWith } = readOptions(given, STARTS_WITH, 'cache.keys')
      return this.#keys(this.#range(startsWith, 'cache.keys'), all)
    }
    if (typeof given !== 'string')
      throw invalidArgument('cache.keys', `pattern must be a string, or an object with startsWith, got ${shown(given)}`)
    const { literalStart, matches } = keyPattern(given)
    return this.#keys(this.#range(literalStart, 'cache.keys'), matches)
  }

  entries<T>(options: EntriesOptions = {}): AsyncIterableIterator<[string, T]> {
    const { startsWith, after, limit } = readOptions(options, ENTRIES_OPTIONS, 'cache.entries')
    const range = this.#range(startsWith, 'cache.entries')
    if (after !== undefined) checkKey(after, this.#session.maxKeyLength, 'cache.entries', 'option after')
    return this.#entries(range, after, checkedLimit(limit, 'cache.entries'))
  }

  async *#entries<T>(
    range: KeyRange | undefined,
    after: string | undefined,
    limit: number,
  ): AsyncGenerator<[string, T], void, undefined> {
    if (range === undefined) return
    const { names, sql } = this.#rows
    let left = limit
    const from = after === undefined ? undefined : names.store(after)
    for await (const row of walkRows(this.#session, sql.page, { range, from, most: limit, values: true })) {
      const stored = nameOf(row)
      if (row.lasts !== 1 || stored === undefined) continue
      const key = names.restore(stored)
      if (key === after) continue
      const value = this.#rows.decode<T>(row.value, stored, 'cache.entries')
      if (value === ABSENT) continue
      yield [key, value]
      if (--left === 0) return
    }
  }

  async #keys(range: KeyRange | undefined, matches: (key: string) => boolean): Promise<string[]> {
    if (range === undefined) return []
    const { names, sql } = this.#rows
    return this.#session.execute(sql.keys, [range.first, range.end], (rows) =>
      rows.map((row) => names.restore(String(row.key))).filter(matches),
    )
  }

  /** @returns `undefined` when no key can start with that text. */
  #range(given: string | undefined, operation: string): KeyRange | undefined {
    const startsWith = checkedStart(given, operation)
    return unbindable(startsWith) === undefined ? keyRange(this.#rows.names.store(startsWith)) : undefined
  }
}

const all = (): boolean => true
