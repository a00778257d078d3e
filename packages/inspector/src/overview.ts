import type {
  CircuitInfo,
  ClaimInfo,
  EntryInfo,
  LockInfo,
  ResultInfo,
  ServedUser,
  StandbyInfo,
  TaskInfo,
} from '@go-go-scope/persistence-core/public'

/** The part of an adapter's `stats()` that is shown. Members that only a file or only a server has are optional. */
export interface DatabaseStats {
  engine: string
  /** The number of calls that wait on this connection now. */
  waiting: number
  /** Locks granted in this process under the adapter's prefix. Some may have expired. */
  locks: number
  /** The cache hits and misses of this adapter, and the number of entries under its prefix. */
  cache: { hits: number; misses: number; size: number; hitRatio: number }
  sqliteVersion?: string
  serverVersion?: string
  file?: string
  location?: string
  fileBytes?: number
  walBytes?: number
}

/** An item of a list as it is sent to the page. An unreadable item has the reason, and the fields that could be read. */
export type Shown<Info> = { readonly prefix: string | null; readonly key: string } & (
  | (Info & { readonly unreadable?: undefined })
  | (Partial<Info> & { readonly unreadable: string })
)

/** The first items of a list. */
export interface Part<Info> {
  readonly items: readonly Shown<Info>[]
  /** Whether there are more. */
  readonly more: boolean
}

/** The first circuits, open ones first, and the numbers that the whole list has. */
export interface CircuitPart extends Part<CircuitInfo> {
  /** How many circuits were read. */
  readonly read: number
  /** How many of them are open. */
  readonly open: number
  /** Whether all were read. */
  readonly complete: boolean
}

/** The entries of a prefix whose keys have the same start. */
export interface CacheGroup {
  readonly prefix: string
  /** The key up to its first `:` or `/`; empty for keys without one. */
  readonly startsWith: string
  readonly entries: number
  readonly bytes: number
}

/** A summary of the cache entries that were read. */
export interface CacheSurvey {
  /** The groups with the most bytes first. */
  readonly groups: readonly CacheGroup[]
  /** Whether some entries were not read, so that counts and sizes cover only a part. */
  readonly partial: boolean
  /** Epoch ms. */
  readonly at: number
}

/** The lists of the page. */
export interface Lists {
  readonly tasks: Part<TaskInfo>
  readonly locks: Part<LockInfo>
  readonly circuits: CircuitPart
  readonly claims: Part<ClaimInfo>
  readonly results: Part<ResultInfo>
  /** Absent if all prefixes were requested. The survey shows those entries. */
  readonly entries?: Part<EntryInfo>
}

/** The data of the page on each request. */
export interface Overview extends Lists {
  /** Epoch ms on the server. */
  readonly now: number
  readonly database: DatabaseStats & { /** Epoch ms. */ readonly at: number }
  readonly prefixes: Part<object>
  readonly cache: CacheSurvey
  readonly standbys: readonly StandbyInfo[]
  readonly clients: readonly ServedUser[]
  /** Whether values may be read. */
  readonly values: boolean
  /** The prefixes whose items may be changed; absent if none. An object for one prefix, because any text may be a prefix. */
  readonly changeable?: 'all' | { readonly prefix: string }
}
