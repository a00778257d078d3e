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

export interface InspectOptions {
  /** The prefix to look at; `'*'` for the whole database. Default: `keyPrefix` of the adapter. */
  prefix?: string
}

/** A part of a list. */
export interface PageOptions {
  /** The `cursor` of the item behind which the list begins. */
  after?: string
  /** Most items. Default: all. */
  limit?: number
}

export interface ListOptions extends PageOptions {
  /** Only keys that begin with this text, taken literally. Not with the prefix `'*'`. */
  startsWith?: string
  /** Whether also what has expired or was given back, and has not been removed yet. Default `false`. */
  expired?: boolean
}

export interface ValueListOptions extends ListOptions {
  /** Whether items come with their decoded values. Default `false`. */
  values?: boolean
}

/**
 * What is in a database, in lists by key. They read a page at a time, each as the table is then: a list is no snapshot, and
 * memory does not grow with the number of rows. A row that cannot be read does not end a list.
 */
export interface Inspection {
  /** That it looks at; `undefined` for all. */
  readonly prefix: string | undefined
  /** Locks in the database, of adapters made with `locks: 'database'`. */
  locks(options?: ListOptions): AsyncIterableIterator<Item<LockInfo>>
  circuits(options?: Omit<ListOptions, 'expired'>): AsyncIterableIterator<Item<CircuitInfo>>
  /** Idempotency keys that somebody works on. */
  claims(options?: ListOptions): AsyncIterableIterator<Item<ClaimInfo>>
  /** Idempotency keys with a result or a kept failure. In a file, failures come after all results. */
  results(options?: ValueListOptions): AsyncIterableIterator<Item<ResultInfo>>
  /** Tasks with checkpoints, each with its newest. */
  tasks(options?: Omit<ValueListOptions, 'expired'>): AsyncIterableIterator<Item<TaskInfo>>
  /** Cache entries of the full adapter's table. */
  entries(options?: ValueListOptions): AsyncIterableIterator<Item<EntryInfo>>
  /** Prefixes in the database, whichever this looks at: those that adapters have used, and others that rows begin with. */
  prefixes(options?: PageOptions): AsyncIterableIterator<PrefixItem>
  /** Standbys that follow the file, whoever started them. None follows a server or a database in memory. */
  standbys(): Promise<readonly StandbyInfo[]>
  /** The threads and processes that this process serves on the connection. */
  clients(): readonly ServedUser[]
}
