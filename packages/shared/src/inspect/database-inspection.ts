import { invalidArgument, invalidCallOption, shown } from '../arguments/invalid.js'
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

/** What a list of `Info` reads. */
interface ListSource<Info> {
  /** Returns the names of the keys that start with a text. */
  readonly naming: (startsWith: string) => Naming
  readonly statements: readonly (PageStatement | ValuePageStatement)[]
  readonly reader: RowReader<Info>
  /** Whether the list includes an item when `expired` was not requested. Default: nothing expires. */
  readonly isCurrent?: (info: Info) => boolean
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
    const given = readOptions(options, LIST, 'inspect.locks')
    const naming = (startsWith: string): Naming => qualifiedNaming(this.prefix, startsWith)
    const { locks } = this.#inspected.sql
    return this.#list('inspect.locks', given, { naming, statements: [locks], reader: lockReader, isCurrent: isHeld })
  }

  circuits(options: Omit<ListOptions, 'expired'> = {}): AsyncIterableIterator<Item<CircuitInfo>> {
    const given = readOptions(options, KEYS, 'inspect.circuits')
    const { sql, tables } = this.#inspected
    const reader = circuitReader(tables.circuits)
    return this.#list('inspect.circuits', given, {
      naming: this.#tagged('circuit:'),
      statements: [sql.circuits],
      reader,
    })
  }

  claims(options: ListOptions = {}): AsyncIterableIterator<Item<ClaimInfo>> {
    const given = readOptions(options, LIST, 'inspect.claims')
    const naming = this.#untagged('idempotency')
    const { claims } = this.#inspected.sql
    return this.#list('inspect.claims', given, { naming, statements: [claims], reader: claimReader, isCurrent: isHeld })
  }

  results(options: ValueListOptions = {}): AsyncIterableIterator<Item<ResultInfo>> {
    const given = readOptions(options, VALUES, 'inspect.results')
    const { sql, tables } = this.#inspected
    const statements = sql.failures === undefined ? [sql.results] : [sql.results, sql.failures]
    const reader = resultReader(tables.results, this.#values(given, 'inspect.results'))
    const naming = this.#untagged('idempotency')
    return this.#list('inspect.results', given, { naming, statements, reader, isCurrent: isLasting })
  }

  tasks(options: Omit<ValueListOptions, 'expired'> = {}): AsyncIterableIterator<Item<TaskInfo>> {
    const given = readOptions(options, TASKS, 'inspect.tasks')
    const { sql, tables } = this.#inspected
    const reader = taskReader(tables.checkpoints, this.#values(given, 'inspect.tasks'))
    const naming = this.#untagged('checkpoint')
    return this.#list('inspect.tasks', given, { naming, statements: [sql.tasks], reader })
  }

  entries(options: ValueListOptions = {}): AsyncIterableIterator<Item<EntryInfo>> {
    const given = readOptions(options, VALUES, 'inspect.entries')
    const { entries, tables } = this.#inspected
    const reader = entryReader(tables.entries, this.#values(given, 'inspect.entries'))
    const naming = this.#tagged('cache:')
    return this.#list('inspect.entries', given, { naming, statements: [entries], reader, isCurrent: isLasting })
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

  #tagged(tag: 'cache:' | 'circuit:'): (startsWith: string) => Naming {
    return (startsWith) => taggedNaming(tag, this.prefix, startsWith)
  }

  #untagged(kind: keyof Names): (startsWith: string) => Naming {
    return (startsWith) => new UntaggedNaming(this.#inspected, kind, this.prefix, startsWith)
  }

  #values({ values }: ValueListOptions, operation: string): ValueStore | undefined {
    return flag(values, 'values', operation) ? this.#inspected.session.values : undefined
  }

  #list<Info>(
    operation: string,
    { startsWith, after, limit, expired }: ListOptions,
    { naming, statements, reader, isCurrent }: ListSource<Info>,
  ): AsyncIterableIterator<Item<Info>> {
    const start = checkedStart(startsWith, operation)
    if (start !== '' && this.prefix === undefined) {
      throw invalidArgument(
        operation,
        'option startsWith is for one prefix; call inspect with the prefix of those keys',
      )
    }
    const listing = {
      operation,
      statements,
      naming: naming(start),
      reader,
      wants: flag(expired, 'expired', operation) || isCurrent === undefined ? () => true : isCurrent,
    }
    return listItems(this.#inspected.session, listing, positionOf(after, operation), checkedLimit(limit, operation))
  }
}

const isHeld = ({ held }: { readonly held: boolean }): boolean => held
const isLasting = ({ expired }: { readonly expired: boolean }): boolean => !expired

function flag(value: unknown, name: string, operation: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw invalidCallOption(operation, name, value, 'true or false')
}
