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
  /** The prefix whose keys are listed; `'*'` for the whole database. Default: `keyPrefix` of the adapter. */
  prefix?: string
}

/** Selects a part of a list. */
export interface PageOptions {
  /** The `cursor` of an item: the list begins after that item. */
  after?: string
  /** The maximum number of items. Default: all. */
  limit?: number
}

/** Options of the lists of an inspection. */
export interface ListOptions extends PageOptions {
  /** Only keys that begin with this text. No character in it is a wildcard. Not with the prefix `'*'`. */
  startsWith?: string
  /** Whether the list includes rows that have expired or were released and are not removed yet. Default `false`. */
  expired?: boolean
}

/** Options of lists whose items have values. */
export interface ValueListOptions extends ListOptions {
  /** Whether items have their decoded values. Default `false`. */
  values?: boolean
}

/**
 * Lists what is in a database, in the order of keys. A list reads a page at a time, and each page is as the table is when it is
 * read: a list is no snapshot, and its memory does not grow with the number of rows. A row that cannot be read does not end a
 * list. Lists reject with a `PersistenceError`, of `INVALID_ARGUMENT` for options that cannot be used.
 */
export interface Inspection {
  /** The prefix whose keys are listed; `undefined` for all. */
  readonly prefix: string | undefined
  /** Locks in the database, of adapters made with `locks: 'database'`. */
  locks(options?: ListOptions): AsyncIterableIterator<Item<LockInfo>>
  /** Circuits that were stored, with their state and the probes under way. */
  circuits(options?: Omit<ListOptions, 'expired'>): AsyncIterableIterator<Item<CircuitInfo>>
  /** Claims under way on idempotency keys. */
  claims(options?: ListOptions): AsyncIterableIterator<Item<ClaimInfo>>
  /** Idempotency keys with a result or a kept failure. In an SQLite file, failures come after all results. */
  results(options?: ValueListOptions): AsyncIterableIterator<Item<ResultInfo>>
  /** Tasks that have checkpoints, each with its newest checkpoint. */
  tasks(options?: Omit<ValueListOptions, 'expired'>): AsyncIterableIterator<Item<TaskInfo>>
  /** Cache entries of the full adapter's table. */
  entries(options?: ValueListOptions): AsyncIterableIterator<Item<EntryInfo>>
  /** All prefixes in the database: first those that adapters have used, then others that keys begin with. */
  prefixes(options?: PageOptions): AsyncIterableIterator<PrefixItem>
  /** The standbys that follow the file, of all processes. Empty for a server or a database in memory. */
  standbys(): Promise<readonly StandbyInfo[]>
  /** The threads and processes that use the database through this process. */
  clients(): readonly ServedUser[]
}
