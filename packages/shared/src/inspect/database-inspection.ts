import { invalidArgument, shown } from '../arguments/invalid.js'
import { checkText } from '../arguments/limits.js'
import { type OptionNames, readOptions } from '../arguments/options.js'
import { checkedLimit, checkedStart } from '../arguments/page-options.js'
import { type ServedUser, ServedUsers } from '../connection/served-users.js'
import type { Names } from '../keys/key-space.js'
import type { PageStatement, ValuePageStatement } from '../session/row-walk.js'
import type { Session } from '../session/session.js'
import type { ValueStore } from '../values/value-store.js'
import type { InspectSql } from './inspect-sql.js'
import type { Inspection, InspectOptions, ListOptions, PageOptions, ValueListOptions } from './inspection.js'
import { listItems, positionOf } from './list.js'
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
import {
  circuitReader,
  claimReader,
  entryReader,
  lockReader,
  type RowReader,
  resultReader,
  taskReader,
} from './read-rows.js'
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
  readonly #session: Session

  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_KEY`. */
  constructor(inspected: Inspected, options: InspectOptions = {}) {
    const { prefix } = readOptions(options, INSPECT, 'inspect')
    if (prefix !== undefined && typeof prefix !== 'string') {
      throw invalidArgument('inspect', `option prefix must be a string, got ${shown(prefix)}; '*' stands for all`)
    }
    if (prefix !== undefined) checkText(prefix, 'inspect', 'option prefix')
    this.#inspected = inspected
    this.#session = inspected.session
    this.prefix = prefix === '*' ? undefined : (prefix ?? inspected.session.prefix)
  }

  locks(options: ListOptions = {}): AsyncIterableIterator<Item<LockInfo>> {
    const given = readOptions(options, LIST, 'inspect.locks')
    const naming = (startsWith: string): Naming => qualifiedNaming(this.prefix, startsWith)
    return this.#list('inspect.locks', given, naming, [this.#inspected.sql.locks], lockReader, isHeld)
  }

  circuits(options: Omit<ListOptions, 'expired'> = {}): AsyncIterableIterator<Item<CircuitInfo>> {
    const given = readOptions(options, KEYS, 'inspect.circuits')
    const { sql, tables } = this.#inspected
    return this.#list(
      'inspect.circuits',
      given,
      this.#tagged('circuit:'),
      [sql.circuits],
      circuitReader(tables.circuits),
    )
  }

  claims(options: ListOptions = {}): AsyncIterableIterator<Item<ClaimInfo>> {
    const given = readOptions(options, LIST, 'inspect.claims')
    const naming = this.#untagged('idempotency')
    return this.#list('inspect.claims', given, naming, [this.#inspected.sql.claims], claimReader, isHeld)
  }

  results(options: ValueListOptions = {}): AsyncIterableIterator<Item<ResultInfo>> {
    const given = readOptions(options, VALUES, 'inspect.results')
    const { sql, tables } = this.#inspected
    const statements = sql.failures === undefined ? [sql.results] : [sql.results, sql.failures]
    const reader = resultReader(tables.results, this.#values(given, 'inspect.results'))
    return this.#list('inspect.results', given, this.#untagged('idempotency'), statements, reader, isLasting)
  }

  tasks(options: Omit<ValueListOptions, 'expired'> = {}): AsyncIterableIterator<Item<TaskInfo>> {
    const given = readOptions(options, TASKS, 'inspect.tasks')
    const { sql, tables } = this.#inspected
    const reader = taskReader(tables.checkpoints, this.#values(given, 'inspect.tasks'))
    return this.#list('inspect.tasks', given, this.#untagged('checkpoint'), [sql.tasks], reader)
  }

  entries(options: ValueListOptions = {}): AsyncIterableIterator<Item<EntryInfo>> {
    const given = readOptions(options, VALUES, 'inspect.entries')
    const { entries, tables } = this.#inspected
    const reader = entryReader(tables.entries, this.#values(given, 'inspect.entries'))
    return this.#list('inspect.entries', given, this.#tagged('cache:'), [entries], reader, isLasting)
  }

  prefixes(options: PageOptions = {}): AsyncIterableIterator<PrefixItem> {
    const { after, limit } = readOptions(options, PAGE, 'inspect.prefixes')
    const start = positionOf(after, 'inspect.prefixes')
    return listPrefixes(this.#session, this.#inspected, start, checkedLimit(limit, 'inspect.prefixes'))
  }

  async standbys(): Promise<readonly StandbyInfo[]> {
    const { session, sql } = this.#inspected
    if (!session.ready) await session.connect('inspect.standbys')
    return sql.standbys === undefined ? [] : listStandbys(session.queue, sql.standbys)
  }

  clients(): readonly ServedUser[] {
    return this.#session.connection.shared(ServedUsers).list ?? []
  }

  #tagged(tag: 'cache:' | 'circuit:'): (startsWith: string) => Naming {
    return (startsWith) => taggedNaming(tag, this.prefix, startsWith)
  }

  #untagged(kind: keyof Names): (startsWith: string) => Naming {
    return (startsWith) => new UntaggedNaming(this.#inspected, kind, this.prefix, startsWith)
  }

  #values({ values }: ValueListOptions, operation: string): ValueStore | undefined {
    return flag(values, 'values', operation) ? this.#session.values : undefined
  }

  /** @param isCurrent Whether the list includes an item when `expired` was not requested. Default: nothing expires. */
  #list<Info>(
    operation: string,
    { startsWith, after, limit, expired }: ListOptions,
    namingOf: (startsWith: string) => Naming,
    statements: readonly (PageStatement | ValuePageStatement)[],
    reader: RowReader<Info>,
    isCurrent?: (info: Info) => boolean,
  ): AsyncIterableIterator<Item<Info>> {
    const start = checkedStart(startsWith, operation)
    if (start !== '' && this.prefix === undefined) {
      throw invalidArgument(
        operation,
        'option startsWith is for one prefix; call inspect with the prefix of those keys',
      )
    }
    const naming = namingOf(start)
    const listing = {
      operation,
      statements,
      naming,
      reader,
      wants: flag(expired, 'expired', operation) || isCurrent === undefined ? () => true : isCurrent,
    }
    return listItems(this.#session, listing, positionOf(after, operation), checkedLimit(limit, operation))
  }
}

const isHeld = ({ held }: { readonly held: boolean }): boolean => held
const isLasting = ({ expired }: { readonly expired: boolean }): boolean => !expired

function flag(value: unknown, name: string, operation: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw invalidArgument(operation, `option ${name} must be true or false, got ${shown(value)}`)
}
