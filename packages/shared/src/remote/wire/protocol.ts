import type { CircuitUpdate } from '../../connection/database-owner.js'
import type { SqlValue } from '../../driver/driver.js'

/**
 * The version of the protocol. A message is one flat array per turn and direction: operations, each of which begins with its
 * code, followed by its items. Nested arrays would double the cost of a structured clone. Codes and items may change with the
 * version, except those of `hello` and `refuse`.
 */
export const PROTOCOL = 4

/** Marks our messages: the app's own messages go through the same channel. */
export const ENVELOPE = 'go-go-scope/1'

export type Item = SqlValue

/** The operations that a client sends, with their items. Requests are numbered in order, from 1 for each connection. */
export const clientOp = {
  /** nonce, protocol, schema version, and the nonce of the last `hello` on this channel if its answer was not awaited */
  hello: 1,
  /** number, then what {@link file://./wire-statement.ts} writes. Sent before the statement's first call. */
  declare: 2,
  /** several requests: statement, n, number of calls, n parameters of each */
  call: 3,
  /** wait. The next call, which is sent alone, changes nothing if the entry of that load was written meanwhile. */
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
  /** request. Asks for the next rows of its answer. */
  more: 13,
  /** stored key. Asks for {@link ownerOp.circuit} after each change. */
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
  /** The last message. The owner sends `goodbye` when all requests are answered. */
  bye: 22,
  /** The schema was set up. */
  schemaReady: 23,
  /** Confirms that all before the oldest unconfirmed `mark` was read. */
  taken: 24,
  /** stored key that is followed, ms. Asks the owner to poll at that interval for changes by other connections. */
  watchCircuit: 25,
  /**
   * wait, wait of a load that this client has entered, wait of the load whose code waits for that load. Answered without the text.
   */
  waitInLoad: 26,
  /** wait of code of a load, of either kind, which has given it up. A load that was entered goes on; the other kind is answered. */
  giveUpWait: 27,
} as const

/** The operations that the owner sends, with their items. */
export const ownerOp = {
  /** nonce, JSON of {@link Welcome} */
  welcome: 1,
  /** nonce, or '' for a client that was accepted before, error */
  refuse: 2,
  /** number of the shape, n, n names of columns */
  shape: 3,
  /** first request, number of requests. Answers without a row or value. */
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
  /** stored key, one of {@link CIRCUIT_UPDATES}, state, failures, last failure or null, last success or null */
  circuit: 12,
  /** stored key */
  claim: 13,
  /** wait. The client has the turn to load. */
  turn: 14,
  /** wait, text */
  loaded: 15,
  /** wait, error */
  loadFailed: 16,
  /** wait. The entry was written or deleted. */
  overtaken: 17,
  /** Requests that arrive from now on are refused; the earlier ones are answered. */
  closing: 18,
  /** The last message. */
  goodbye: 19,
  /** error. The database is lost. */
  lost: 20,
  /** Asks for `taken`. */
  mark: 21,
  /** first request, shape, number of requests, JSON of the places of those that have a row, JSON of what these have in each column */
  packed: 22,
  /** wait, error. The code of a load is refused, and nobody else. */
  loadRefused: 23,
} as const

/** The kinds of updates of a circuit. */
export const CIRCUIT_UPDATES: readonly CircuitUpdate[] = ['change', 'probe', 'seen']

/** What the owner sends to a client that it accepts. */
export interface Welcome {
  readonly engine: string
  /** The version of the SQL library. */
  readonly version: string
  readonly location: string
  readonly identity: string | null
  readonly readOnly: boolean
  /** Whether its adapter was given a codec. */
  readonly hasCodec: boolean
  /** The prefix of generated owner names of locks in its memory. */
  readonly ownerPrefix: string
  readonly options: InheritedOptions
}

/** The options of the owner's adapter that are the defaults of a client. */
export interface InheritedOptions {
  readonly keyPrefix: string
  readonly defaultLockTTL: number
  readonly maxKeyLength: number
  readonly maxValueSize: number
  readonly locks: 'process' | 'database'
  readonly createTables: boolean
}

/**
 * How many requests, and how many bytes of them, one client may have pending. A single larger request is sent alone. While the
 * client has as many bytes of answers unread, no more of its requests are begun.
 */
export const WINDOW: { readonly calls: number; readonly units: number } = { calls: 4_096, units: 4 * 1024 * 1024 }

/**
 * No more requests of a client are begun while so many are not answered whose answers have rows. Without this limit, an engine
 * with its own thread would begin all of {@link WINDOW} before the length of any answer is known, and the owner would keep them all.
 */
export const MAX_BEGUN = 256

/**
 * How many waits for loads one client may have. The owner allows twice as many: a wait that has ended at the client may be counted
 * by the owner until it has read that.
 */
export const MAX_WAITS = 32_768

/** The approximate size in bytes up to which calls, and answers, of one statement are joined. */
export const SHORT_UNITS = 256

/** The most rows and bytes of an answer in one message. */
export const PIECE: { readonly rows: number; readonly units: number } = { rows: 1_000, units: 1024 * 1024 }

/** The approximate size of values in bytes. */
export function unitsOf(values: readonly Item[]): number {
  let units = 0
  for (const value of values) units += unitsOfItem(value)
  return units
}

export function unitsOfItem(value: Item): number {
  return typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 8
}

/** The approximate size of a lock request in bytes. */
export function lockUnits(prefix = '', key = '', owner = ''): number {
  return 24 + prefix.length + key.length + owner.length
}
