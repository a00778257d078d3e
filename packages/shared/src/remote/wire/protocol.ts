import type { CircuitUpdate } from '../../connection/database-owner.js'
import type { SqlValue } from '../../driver/driver.js'

/**
 * What the two ends say to each other, version 3. A message is one flat array for a turn and a direction: sentences, each of
 * which begins with its word. Nested arrays cost a structured clone twice as much. Words and their order may change with the
 * version; `hello` and `refuse` may not.
 */
export const PROTOCOL = 3

/** The member of a message that is ours: the app's own messages go through the same channel. */
export const ENVELOPE = 'go-go-scope/1'

export type Item = SqlValue

/** What a user of the database says. A request is numbered by its place among the requests of the connection, from 1. */
export const say = {
  /** nonce, protocol, version of the schema, and the nonce of the last try on this channel where that was given up */
  hello: 1,
  /** number, then what {@link file://./wire-statement.ts} writes. Before the statement's first call. */
  declare: 2,
  /** several requests: statement, n, number of calls, n parameters of each */
  call: 3,
  /** wait. The next call, which goes alone, changes nothing where the entry of that load was written meanwhile. */
  guard: 4,
  /** request: name, sql, n, n parameters */
  query: 5,
  /** request: name, number of steps, then of each: sql, clocked, expect or null, announcement or null, n, n parameters */
  atomic: 6,
  /** request: prefix, key, ttl, owner or null */
  acquire: 7,
  /** request: token */
  isHeld: 8,
  /** request: token, ttl */
  extend: 9,
  /** request: prefix, key, owner, ttl */
  extendOwned: 10,
  /** request: token */
  release: 11,
  /** request: prefix, key */
  forceRelease: 12,
  /** request. That the pieces of its rows so far have come. */
  more: 13,
  /** stored key; its changes are to be told */
  followCircuit: 14,
  leaveCircuit: 15,
  followClaim: 16,
  leaveClaim: 17,
  /** wait, entry, key, wait of the load that asks or 0 */
  enterLoad: 18,
  /** wait, text */
  loaded: 19,
  /** wait, error */
  loadFailed: 20,
  /** wait */
  loadPassedOn: 21,
  /** It has sent its last and wants to be told `goodbye` when all is answered. */
  bye: 22,
  /** The schema has been set up. */
  settle: 23,
  /** All that came before the first `mark` that it has not told of. */
  taken: 24,
  /** stored key that is followed, ms. What other connections change is to be told as well, by looks at that interval. */
  watchCircuit: 25,
} as const

/** What the owner of the database says. */
export const tell = {
  /** nonce, JSON of {@link Welcome} */
  welcome: 1,
  /** nonce, error */
  refuse: 2,
  /** number of the shape, n, n names of columns */
  shape: 3,
  /** first request, number of requests. No row, or nothing to say. */
  nothing: 4,
  /** first request, shape, number of requests, values of a row for each */
  row: 5,
  /** request, whether more rows follow, number of rows, shape and values where there are rows */
  rows: 6,
  /** request, number of steps, then of each: number of rows, shape and values where there are rows */
  steps: 7,
  /** request, number */
  number: 8,
  /** request, token, ms that are left */
  granted: 9,
  /** request, error */
  error: 10,
  /** prefix, key, token, reason */
  lockLost: 11,
  /** stored key, what it is of {@link CIRCUIT_UPDATES}, state, failures, last failure or null, last success or null */
  circuit: 12,
  /** stored key */
  claim: 13,
  /** wait. It has the turn to load. */
  turn: 14,
  /** wait, text */
  loaded: 15,
  /** wait, error */
  loadFailed: 16,
  /** wait. The entry was written or deleted. */
  overtaken: 17,
  /** What comes from now on is refused; what has come is answered. */
  closing: 18,
  /** The last word. */
  goodbye: 19,
  /** error. The database is gone. */
  lost: 20,
  /** To be told `taken`. */
  mark: 21,
  /** first request, shape, number of requests, JSON of the places of those that have a row, JSON of what these have in each column */
  packed: 22,
} as const

/** The kinds of updates of a circuit. A message has the index of one. */
export const CIRCUIT_UPDATES: readonly CircuitUpdate[] = ['change', 'probe', 'seen']

/** What the owner tells of itself when it takes a user in. */
export interface Welcome {
  readonly engine: string
  /** Of the SQL library. */
  readonly version: string
  readonly location: string
  readonly identity: string | null
  readonly readOnly: boolean
  /** Whether its values are in the form of a codec that it was given. */
  readonly hasCodec: boolean
  /** Begins the names of owners that are made up for locks in its memory. */
  readonly ownerPrefix: string
  readonly options: InheritedOptions
}

/** The options of the owner's adapter that a user has unless it is given others. */
export interface InheritedOptions {
  readonly keyPrefix: string
  readonly defaultLockTTL: number
  readonly maxKeyLength: number
  readonly maxValueSize: number
  readonly locks: 'process' | 'database'
  readonly createTables: boolean
}

/**
 * How much of one user's may be unanswered at a time; a single larger call goes alone. While as many units of answers are
 * sent and not taken, nothing more of the user is begun.
 */
export const WINDOW: { readonly calls: number; readonly units: number } = { calls: 4_096, units: 4 * 1024 * 1024 }

/** About the bytes up to which calls, and answers, of one statement go together. */
export const SHORT_UNITS = 256

/** How much of an answer goes in one message. */
export const PIECE: { readonly rows: number; readonly units: number } = { rows: 1_000, units: 1024 * 1024 }

/** About the bytes of values in a message. */
export function unitsOf(values: readonly Item[]): number {
  let units = 0
  for (const value of values) units += unitsOfItem(value)
  return units
}

export function unitsOfItem(value: Item): number {
  return typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 8
}

/** About the bytes of what is asked of a lock. */
export function lockUnits(prefix = '', key = '', owner = ''): number {
  return 24 + prefix.length + key.length + owner.length
}
