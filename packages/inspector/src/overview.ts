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

/** What `stats()` of an adapter tells, as far as it is shown. What only a file or only a server has is absent elsewhere. */
export interface DatabaseStats {
  engine: string
  /** Calls that wait on this connection now. */
  waiting: number
  /** Granted in this process under the adapter's prefix, some of which may have expired. */
  locks: number
  /** Reads of this adapter, and the entries under its prefix. */
  cache: { hits: number; misses: number; size: number; hitRatio: number }
  sqliteVersion?: string
  serverVersion?: string
  file?: string
  location?: string
  fileBytes?: number
  walBytes?: number
}

/** An item of a list as the page is sent it: what cannot be read has what is wrong with it, and what could be read. */
export type Shown<Info> = { readonly prefix: string | null; readonly key: string } & (
  | (Info & { readonly unreadable?: undefined })
  | (Partial<Info> & { readonly unreadable: string })
)

/** The beginning of a list. */
export interface Part<Info> {
  readonly items: readonly Shown<Info>[]
  /** Whether there are more. */
  readonly more: boolean
}

/** The entries of a prefix whose keys begin alike. */
export interface CacheGroup {
  readonly prefix: string
  /** The key as far as its first `:` or `/`; empty for keys without one. */
  readonly startsWith: string
  readonly entries: number
  readonly bytes: number
}

/** What the cache holds, as far as it was looked at. */
export interface CacheSurvey {
  /** Those with the most bytes first. */
  readonly groups: readonly CacheGroup[]
  /** Whether there are entries that were not looked at, so that counts and sizes are those of a part. */
  readonly partial: boolean
  /** Epoch ms. */
  readonly at: number
}

/** The lists of the page. */
export interface Lists {
  readonly tasks: Part<TaskInfo>
  readonly locks: Part<LockInfo>
  /** Open ones first. */
  readonly circuits: Part<CircuitInfo>
  readonly claims: Part<ClaimInfo>
  readonly results: Part<ResultInfo>
  /** Absent where the entries of all prefixes were asked for: the survey shows those. */
  readonly entries?: Part<EntryInfo>
}

/** What the page is sent each time it asks. */
export interface Overview extends Lists {
  /** Epoch ms on the server. */
  readonly now: number
  readonly database: DatabaseStats & { /** Epoch ms. */ readonly at: number }
  readonly prefixes: Part<object>
  readonly cache: CacheSurvey
  readonly standbys: readonly StandbyInfo[]
  readonly clients: readonly ServedUser[]
  /** Whether values may be asked for. */
  readonly values: boolean
  /** Whose items may be changed; absent where nothing may be. An object, because any text may be a prefix. */
  readonly changeable?: 'all' | { readonly prefix: string }
}
