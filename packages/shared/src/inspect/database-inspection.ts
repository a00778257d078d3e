import { flagValue, invalidArgument, shown } from '../arguments/invalid.js'
import { checkText } from '../arguments/limits.js'
import { type OptionNames, readOptions } from '../arguments/options.js'
import { checkedLimit, checkedStart } from '../arguments/page-options.js'
import { type ServedUser, ServedUsers } from '../connection/served-users.js'
import type { Names } from '../keys/key-space.js'
import type { ValuePageStatement } from '../session/row-walk.js'
import type { Session } from '../session/session.js'
import type { ValueStore } from '../values/value-store.js'
import type { InspectSql } from './inspect-sql.js'
import type { Inspection, InspectOptions, ListOptions, PageOptions, ValueListOptions } from './inspection.js'
import { type Listing, listItems, positionOf } from './list.js'
import type {
  CircuitInfo,
  ClaimInfo,
  EntryInfo,
  Item,
  LockInfo,
  PrefixItem,
  ResultInfo,
  StandbyInfo,
  TaskInfo,
} from './listed-rows.js'
import { type Naming, qualifiedNaming, taggedNaming, UntaggedNaming } from './naming.js'
import { listPrefixes } from './prefixes.js'
import { circuitReader, claimReader, entryReader, lockReader, resultReader, taskReader } from './read-rows.js'
import { listStandbys } from './standbys.js'

/** The parts of an adapter that an inspection needs. */
export interface Inspected {
  readonly session: Session
  readonly sql: InspectSql
  /** The statement on the cache entries. */
  readonly entries: ValuePageStatement
  /** The table names, for error messages. */
  readonly tables: Readonly<Record<'circuits' | 'entries' | 'results' | 'checkpoints', string>>
  /** Returns how the untagged names of a prefix are stored. */
  readonly namesOf: (prefix: string) => Promise<Names>
}

/** What a list of `Info` reads. */
interface ListSource<Info> extends Pick<Listing<Info>, 'naming' | 'statements' | 'reader'> {
  /** Whether the list includes an item when `expired` was not requested. Default: nothing expires. */
  readonly isCurrent?: Listing<Info>['wants']
}

const INSPECT: OptionNames<InspectOptions> = { prefix: true }
const PAGE: OptionNames<PageOptions> = { after: true, limit: true }
const KEYS: OptionNames<Omit<ListOptions, 'expired'>> = { ...PAGE, startsWith: true }
const LIST: OptionNames<ListOptions> = { ...KEYS, expired: true }
const TASKS: OptionNames<Omit<ValueListOptions, 'expired'>> = { ...KEYS, values: true }
const VALUES: OptionNames<ValueListOptions> = { ...LIST, values: true }

/** See `SqlAdapter.inspect`. */
export class DatabaseInspection implements Inspection {
  readonly #inspected: Inspected
  readonly prefix: string | undefined

  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_KEY`. */
  constructor(inspected: Inspected, options: InspectOptions = {}) {
    const { prefix } = readOptions(options, INSPECT, 'inspect')
    if (prefix !== undefined && typeof prefix !== 'string') {
      throw invalidArgument('inspect', `option prefix must be a string, got ${shown(prefix)}; '*' stands for all`)
    }
    if (prefix !== undefined) checkText(prefix, 'inspect', 'option prefix')
    this.#inspected = inspected
    this.prefix = prefix === '*' ? undefined : (prefix ?? inspected.session.prefix)
  }

  locks(options: ListOptions = {}): AsyncIterableIterator<Item<LockInfo>> {
    const { locks } = this.#inspected.sql
    return this.#list('inspect.locks', readOptions(options, LIST, 'inspect.locks'), (startsWith) => ({
      naming: qualifiedNaming(this.prefix, startsWith),
      statements: [locks],
      reader: lockReader,
      isCurrent: isHeld,
    }))
  }

  circuits(options: Omit<ListOptions, 'expired'> = {}): AsyncIterableIterator<Item<CircuitInfo>> {
    const { sql, tables } = this.#inspected
    return this.#list('inspect.circuits', readOptions(options, KEYS, 'inspect.circuits'), (startsWith) => ({
      naming: taggedNaming('circuit:', this.prefix, startsWith),
      statements: [sql.circuits],
      reader: circuitReader(tables.circuits),
    }))
  }

  claims(options: ListOptions = {}): AsyncIterableIterator<Item<ClaimInfo>> {
    const { claims } = this.#inspected.sql
    return this.#list('inspect.claims', readOptions(options, LIST, 'inspect.claims'), (startsWith) => ({
      naming: this.#untagged('idempotency', startsWith),
      statements: [claims],
      reader: claimReader,
      isCurrent: isHeld,
    }))
  }

  results(options: ValueListOptions = {}): AsyncIterableIterator<Item<ResultInfo>> {
    const { sql, tables } = this.#inspected
    return this.#list('inspect.results', readOptions(options, VALUES, 'inspect.results'), (startsWith, values) => ({
      naming: this.#untagged('idempotency', startsWith),
      statements: sql.failures === undefined ? [sql.results] : [sql.results, sql.failures],
      reader: resultReader(tables.results, values),
      isCurrent: isLasting,
    }))
  }

  tasks(options: Omit<ValueListOptions, 'expired'> = {}): AsyncIterableIterator<Item<TaskInfo>> {
    const { sql, tables } = this.#inspected
    return this.#list('inspect.tasks', readOptions(options, TASKS, 'inspect.tasks'), (startsWith, values) => ({
      naming: this.#untagged('checkpoint', startsWith),
      statements: [sql.tasks],
      reader: taskReader(tables.checkpoints, values),
    }))
  }

  entries(options: ValueListOptions = {}): AsyncIterableIterator<Item<EntryInfo>> {
    const { entries, tables } = this.#inspected
    return this.#list('inspect.entries', readOptions(options, VALUES, 'inspect.entries'), (startsWith, values) => ({
      naming: taggedNaming('cache:', this.prefix, startsWith),
      statements: [entries],
      reader: entryReader(tables.entries, values),
      isCurrent: isLasting,
    }))
  }

  prefixes(options: PageOptions = {}): AsyncIterableIterator<PrefixItem> {
    const { after, limit } = readOptions(options, PAGE, 'inspect.prefixes')
    const start = positionOf(after, 'inspect.prefixes')
    return listPrefixes(this.#inspected, start, checkedLimit(limit, 'inspect.prefixes'))
  }

  async standbys(): Promise<readonly StandbyInfo[]> {
    const { session, sql } = this.#inspected
    if (!session.ready) await session.connect('inspect.standbys')
    return sql.standbys === undefined ? [] : listStandbys(session.queue, sql.standbys)
  }

  clients(): readonly ServedUser[] {
    return this.#inspected.session.connection.shared(ServedUsers).list ?? []
  }

  #untagged(kind: keyof Names, startsWith: string): Naming {
    return new UntaggedNaming(this.#inspected, kind, this.prefix, startsWith)
  }

  /** @param source Receives the start of the wanted keys, and what decodes values if these are wanted. */
  #list<Info>(
    operation: string,
    { startsWith, after, limit, expired = false, values = false }: ValueListOptions,
    source: (startsWith: string, values: ValueStore | undefined) => ListSource<Info>,
  ): AsyncIterableIterator<Item<Info>> {
    const { session } = this.#inspected
    const start = checkedStart(startsWith, operation)
    if (start !== '' && this.prefix === undefined) {
      throw invalidArgument(
        operation,
        'option startsWith is for one prefix; call inspect with the prefix of those keys',
      )
    }
    const { isCurrent = all, ...listing } = source(
      start,
      flagValue(values, operation, 'values') ? session.values : undefined,
    )
    const wants = flagValue(expired, operation, 'expired') ? all : isCurrent
    const position = positionOf(after, operation)
    return listItems(session, { ...listing, operation, wants }, position, checkedLimit(limit, operation))
  }
}

const all = (): boolean => true
const isHeld = ({ held }: { readonly held: boolean }): boolean => held
const isLasting = ({ expired }: { readonly expired: boolean }): boolean => !expired
