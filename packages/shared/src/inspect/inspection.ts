import type { ServedUser } from '../connection/served-users.js'
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

/** Options of `inspect`. */
export interface InspectOptions {
  /** The prefix whose keys are listed; `'*'` for the whole database. Default: the adapter's `keyPrefix`. */
  prefix?: string | undefined
}

/** Selects a part of a list. */
export interface PageOptions {
  /** The `cursor` of an item: the list starts after that item. */
  after?: string | undefined
  /** The maximum number of items. Default: all. */
  limit?: number | undefined
}

/** Options of the lists of an inspection. */
export interface ListOptions extends PageOptions {
  /** Only keys that start with this text. It has no wildcards. Not allowed with the prefix `'*'`. */
  startsWith?: string | undefined
  /** Whether the list includes rows that have expired or were released but are not removed yet. Default `false`. */
  expired?: boolean | undefined
}

/** Options of lists whose items have values. */
export interface ValueListOptions extends ListOptions {
  /** Whether items include their decoded values. Default `false`. */
  values?: boolean | undefined
}

/**
 * Lists the content of a database in key order. A list reads a page at a time, each in the present state of the table: a list is
 * not a snapshot. Its memory does not grow with the number of rows. An unreadable row does not end a list. Lists reject with a
 * `PersistenceError`, with the code `INVALID_ARGUMENT` for unusable options.
 */
export interface Inspection {
  /** The prefix whose keys are listed; `undefined` for all. */
  readonly prefix: string | undefined
  /** Locks in the database, from adapters with `locks: 'database'`. */
  locks(options?: ListOptions): AsyncIterableIterator<Item<LockInfo>>
  /** Stored circuits, with their state and active probes. */
  circuits(options?: Omit<ListOptions, 'expired'>): AsyncIterableIterator<Item<CircuitInfo>>
  /** Active claims on idempotency keys. */
  claims(options?: ListOptions): AsyncIterableIterator<Item<ClaimInfo>>
  /** Idempotency keys with a result or a kept failure. In a SQLite file, failures come after all results. */
  results(options?: ValueListOptions): AsyncIterableIterator<Item<ResultInfo>>
  /** Tasks that have checkpoints, each with its newest checkpoint. */
  tasks(options?: Omit<ValueListOptions, 'expired'>): AsyncIterableIterator<Item<TaskInfo>>
  /** Cache entries of the full adapter's table. */
  entries(options?: ValueListOptions): AsyncIterableIterator<Item<EntryInfo>>
  /** All prefixes in the database: first those that adapters have used, then others found in keys of the cache and of circuits. */
  prefixes(options?: PageOptions): AsyncIterableIterator<PrefixItem>
  /** The standbys of all processes that follow the file. Empty for a server or a database in memory. */
  standbys(): Promise<readonly StandbyInfo[]>
  /** The threads and processes that use the database through this process. */
  clients(): readonly ServedUser[]
}
