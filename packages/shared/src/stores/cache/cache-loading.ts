import { checkSignal } from '../../arguments/abort-signal.js'
import { invalidArgument, shown } from '../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import type { Row, SqlValue } from '../../driver/driver.js'
import { catchRejection } from '../../errors/catch-rejection.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { nothing, type Parameters } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import type { Sweeper } from '../../session/sweeper.js'
import { type TimeArgument, timeToLive } from '../../time/time-to-live.js'
import type { GetOrSetOptions, LoadRun } from './cache-provider.js'
import { ABSENT, type CacheRows } from './cache-rows.js'
import type { HitCounter } from './hit-counter.js'
import type { Load } from './load.js'
import { Loads, type NeededLoad } from './loads.js'

const OPERATION = 'cache.getOrSet'
const OPTIONS: OptionNames<GetOrSetOptions<never>> = { ttl: true, staleWhileRevalidate: true, signal: true }
const STALE: TimeArgument = { name: 'staleWhileRevalidate', advice: '; leave it out for none' }
// Stands for Infinity: without a stored end, nobody could see when an entry becomes stale.
const LONGEST_STALE_MS = 2 ** 52

/** An entry with its expiry, as a load has read it. */
interface ReadEntry {
  readonly text: SqlValue
  readonly expiresAt: SqlValue
  /** ms until it expires; `null` for never. */
  readonly remaining: number | null
}

/** A stored value that cannot be decoded. */
class Unreadable {
  readonly text: SqlValue

  constructor(text: SqlValue) {
    this.text = text
  }
}

/** The arguments of one call of `getOrSet`. */
interface Wanted<T> {
  readonly key: string
  readonly stored: string
  readonly load: (run: LoadRun) => T | Promise<T>
  readonly ttl: GetOrSetOptions<T>['ttl']
  /** ms before its expiry at which an entry becomes stale; 0 for never. */
  readonly stale: number
  readonly signal: AbortSignal | undefined
}

/** Implements `getOrSet`: on a cache miss, loads a value once for all concurrent callers. */
export class CacheLoading {
  readonly #session: Session
  readonly #rows: CacheRows
  readonly #sweeper: Sweeper
  readonly #hitCounter: HitCounter
  readonly #loads: Loads
  // A field, so that the hot path allocates no closure and the value is decoded before the only promise resolves.
  readonly #valueOrUnreadable = (row: Row | undefined, [stored]: Parameters): unknown => {
    const value = row === undefined ? ABSENT : this.#rows.decode(row.value, stored as string, OPERATION)
    this.#hitCounter.countRead(value !== ABSENT)
    return value === ABSENT && row !== undefined ? new Unreadable(row.value as SqlValue) : value
  }
  readonly #entryOrNone = (row: Row | undefined): ReadEntry | undefined => row && entryIn(row)

  constructor(session: Session, rows: CacheRows, sweeper: Sweeper, hitCounter: HitCounter) {
    this.#session = session
    this.#rows = rows
    this.#sweeper = sweeper
    this.#hitCounter = hitCounter
    this.#loads = session.connection.shared(Loads)
  }

  async getOrSet<T>(key: string, load: (run: LoadRun) => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
    if (typeof load !== 'function') throw invalidArgument(OPERATION, `load must be a function, got ${typeof load}`)
    const given = options === undefined ? NO_OPTIONS : checkedOptions(options)
    const stored = this.#rows.stored(key, OPERATION)
    if (!this.#session.ready) await this.#session.connect(OPERATION)
    if (given.stale > 0) return this.#getOrRefresh({ key, stored, load, ...given })
    const cached = await this.#session.execute(this.#rows.sql.getOrLoad, [stored], this.#valueOrUnreadable)
    const isUnreadable = cached instanceof Unreadable
    if (cached !== ABSENT && !isUnreadable) return cached as T
    return this.#share({ key, stored, load, ...given }, isUnreadable ? cached.text : undefined)
  }

  async #getOrRefresh<T>(wanted: Wanted<T>): Promise<T> {
    const found = await this.#readEntry(wanted.stored)
    const value = found === undefined ? ABSENT : this.#rows.decode<T>(found.text, wanted.stored, OPERATION)
    this.#hitCounter.countRead(value !== ABSENT)
    if (value === ABSENT) return this.#share(wanted, found?.text)
    if (isStale(found, wanted.stale)) this.#refreshInBackground(wanted)
    return value
  }

  #share<T>(wanted: Wanted<T>, unreadable: SqlValue | undefined): Promise<T> {
    const needed = this.#needed(wanted, (loading) => this.#load(loading, wanted, unreadable))
    const read = (text: string): T => this.#read<T>(text, wanted.stored)
    return this.#loads.share({ ...needed, signal: wanted.signal }, read, () => this.#session.ready)
  }

  #needed<T>({ key, stored }: Wanted<T>, load: (loading: Load) => Promise<T>): NeededLoad<T> {
    const begin = async (loading: Load): Promise<T> => {
      try {
        // Its caller may have waited for a load that was passed on.
        if (!this.#session.ready) await this.#session.connect(OPERATION)
        return await load(loading)
      } catch (error) {
        if (!this.#session.ready) loading.abandoned = { error }
        throw error
      }
    }
    return { entry: this.#rows.entryPrefix + stored, key, begin }
  }

  /** @param unreadable The stored text of an entry that cannot be decoded. */
  async #load<T>(loading: Load, wanted: Wanted<T>, unreadable: SqlValue | undefined): Promise<T> {
    // Another thread or process may have loaded the value since the first lookup.
    if (loading.turn !== undefined && unreadable === undefined) {
      const meanwhile = await this.#readEntry(wanted.stored)
      if (typeof meanwhile?.text === 'string') return this.#finish<T>(loading, meanwhile.text, wanted.stored)
    }
    const { value, row } = await this.#run(loading, wanted)
    if (row !== undefined) await loading.store(() => this.#add(row, unreadable))
    return value
  }

  /** Loads a stale value again, and replaces the entry unless it has changed since it was read. */
  async #refresh<T>(loading: Load, wanted: Wanted<T>): Promise<T> {
    const found = await this.#readEntry(wanted.stored)
    // Another caller may have refreshed it already.
    if (typeof found?.text === 'string' && !isStale(found, wanted.stale))
      return this.#finish<T>(loading, found.text, wanted.stored)
    const { value, row } = await this.#run(loading, wanted)
    if (row !== undefined)
      await loading.store(() => (found === undefined ? this.#add(row, undefined) : this.#replace(row, found)))
    return value
  }

  #refreshInBackground<T>(wanted: Wanted<T>): void {
    const needed = this.#needed(wanted, (loading) => this.#refresh(loading, wanted))
    this.#loads.refresh(needed)?.catch((error: unknown) => {
      const { diagnostics } = this.#session
      if (error instanceof PersistenceError) diagnostics.backgroundError(OPERATION, error)
      else diagnostics.emit({ type: 'listener-error', operation: OPERATION, error })
    })
  }

  /** @returns no row for a value that must not be stored. */
  async #run<T>(loading: Load, wanted: Wanted<T>): Promise<{ value: T; row: SqlValue[] | undefined }> {
    const value = await loading.run(wanted.load)
    const ttl = typeof wanted.ttl === 'function' ? wanted.ttl(value) : wanted.ttl
    // A promise is refused below.
    catchRejection(ttl)
    // A value may have expired before it was loaded, as a token does.
    const isOver = typeof wanted.ttl === 'function' && typeof ttl === 'number' && ttl <= 0
    const fresh = isOver ? undefined : timeToLive(ttl, OPERATION)
    const lifetime = fresh === undefined ? undefined : fresh + wanted.stale
    const row = this.#rows.row(wanted.stored, value, lifetime, OPERATION)
    loading.text = row[1] as string
    return { value, row: isOver ? undefined : row }
  }

  /** Ends a load with the stored value. */
  #finish<T>(loading: Load, text: string, stored: string): T {
    loading.text = text
    return this.#read<T>(text, stored)
  }

  #read<T>(text: string, stored: string): T {
    return this.#session.values.decode<T>(text, this.#rows.sql.table, stored, OPERATION)
  }

  async #readEntry(stored: string): Promise<ReadEntry | undefined> {
    return this.#session.execute(this.#rows.sql.getWithExpiry, [stored], this.#entryOrNone)
  }

  /** Stores the row if there is no unexpired entry, or only an unreadable one. */
  async #add(row: SqlValue[], unreadable: SqlValue | undefined): Promise<void> {
    const { add, discard } = this.#rows.sql
    if (row[2] !== null) this.#sweeper.wrote(1)
    if (unreadable === undefined) return this.#session.execute(add, row, nothing)
    const [stored = null] = row
    const discarded = this.#session.execute(discard, [stored, unreadable], nothing)
    await Promise.all([discarded, this.#session.execute(add, row, nothing)])
  }

  /** Replaces an entry that has not changed since it was read. An entry that was written or removed meanwhile is not touched. */
  async #replace(row: SqlValue[], { text, expiresAt }: ReadEntry): Promise<void> {
    if (row[2] !== null) this.#sweeper.wrote(1)
    return this.#session.execute(this.#rows.sql.replace, [...row, text, expiresAt], nothing)
  }
}

const NO_OPTIONS = { ttl: undefined, stale: 0, signal: undefined }

function checkedOptions<T>(options: GetOrSetOptions<T>): Pick<Wanted<T>, 'ttl' | 'stale' | 'signal'> {
  const { ttl, staleWhileRevalidate, signal } = readOptions(
    options,
    OPTIONS as OptionNames<GetOrSetOptions<T>>,
    OPERATION,
  )
  checkSignal(signal, OPERATION)
  if (typeof ttl !== 'function') timeToLive(ttl, OPERATION)
  const longest = timeToLive(staleWhileRevalidate, OPERATION, STALE) ?? staleWhileRevalidate ?? 0
  const stale = Math.min(longest, LONGEST_STALE_MS)
  if (stale === 0 || ttl !== undefined) return { ttl, stale, signal }
  throw invalidArgument(
    OPERATION,
    `option staleWhileRevalidate needs a ttl, got ${shown(staleWhileRevalidate)} alone; what never expires is never stale`,
  )
}

function entryIn({ value = null, expires_at = null, remaining = null }: Row): ReadEntry {
  return { text: value, expiresAt: expires_at, remaining: remaining === null ? null : Number(remaining) }
}

function isStale(found: ReadEntry | undefined, stale: number): boolean {
  return found !== undefined && found.remaining !== null && found.remaining <= stale
}
