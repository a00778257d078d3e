import {
  ADAPTER_OPTIONS,
  adapterOptions,
  givenOptions,
  invalidOption,
  type OptionNames,
  type PersistenceError,
} from '@go-go-scope/persistence-core/dialect'
import type { AdapterOptions, CacheAdapterOptions } from '@go-go-scope/persistence-core/public'
import type { Durability } from './postgres-place.js'

/** What an adapter takes that others do not. */
export interface PlaceOptions {
  /** The PostgreSQL schema that holds our tables. Default `go_goscope`. */
  schema?: string
  /**
   * What an awaited write survives. `power`: loss of power; servers with `fsync`, `full_page_writes` or
   * `synchronous_commit` off are refused. `process`: whatever the server's settings keep. `replicas`: the loss of the
   * primary too; a server without a synchronous standby, or with another `synchronous_commit` than `remote_apply`, is
   * refused. Default `power`.
   */
  durability?: Durability
}

/** Options of the constructor. `locks` is `database` by default. */
export interface PostgresOptions extends AdapterOptions, PlaceOptions {}

/** Options of `open`. */
export interface PostgresOpenOptions extends PostgresOptions {
  /** Never writes. A standby is taken only with it. Default `false`. */
  readOnly?: boolean
}

/** Options of `PostgresCacheAdapter`. */
export interface PostgresCacheOptions extends CacheAdapterOptions, PlaceOptions {}

const PLACE_OPTIONS: OptionNames<PlaceOptions> = { schema: true, durability: true }
const OPTIONS: OptionNames<PostgresOptions> = { ...ADAPTER_OPTIONS, ...PLACE_OPTIONS }
const CACHE_OPTIONS: OptionNames<PostgresCacheOptions> = { ...OPTIONS, tableName: true }
const OPEN_OPTIONS: OptionNames<PostgresOpenOptions> = { ...OPTIONS, readOnly: true }

/** Checked options: where our tables are, and what the core takes. */
export interface Resolved<Options> {
  readonly schema: string
  readonly durability: Durability
  readonly options: Options
}

/** @throws PersistenceError `INVALID_OPTION`. */
export function resolved(given: PostgresOptions | undefined): Resolved<AdapterOptions> {
  return checked(givenOptions(given, OPTIONS))
}

/** @throws PersistenceError `INVALID_OPTION`. */
export function resolvedCache(given: PostgresCacheOptions | undefined): Resolved<CacheAdapterOptions> {
  const read = givenOptions(given, CACHE_OPTIONS)
  const result = checked(read)
  return read.tableName === undefined
    ? result
    : { ...result, options: { ...result.options, tableName: read.tableName } }
}

/**
 * @param usual The durability where none is given.
 * @throws PersistenceError `INVALID_OPTION`.
 */
export function resolvedOpen(
  given: PostgresOpenOptions | undefined,
  usual: Durability,
): Resolved<AdapterOptions> & { readonly readOnly: boolean } {
  const read = givenOptions(given, OPEN_OPTIONS)
  const { readOnly = false } = read
  if (typeof readOnly !== 'boolean') throw invalidOption('readOnly', readOnly, 'true or false')
  if (read.closeOnDisconnect === false) {
    throw invalidOption(
      'closeOnDisconnect',
      false,
      'true with open(): nobody else holds the connections that would stay open',
    )
  }
  return { ...checked(read, usual), readOnly }
}

function checked(read: PostgresOptions, usual: Durability = 'power'): Resolved<AdapterOptions> {
  const { schema = 'go_goscope', durability = usual, locks = 'database', maxKeyLength } = read
  if (durability !== 'power' && durability !== 'process' && durability !== 'replicas') {
    throw invalidOption('durability', durability, "'power', 'process' or 'replicas'")
  }
  if (typeof schema !== 'string' || !isName(schema)) throw badSchema(schema)
  // An entry of an index takes 2,704 bytes, of which prefix and marks have 1,024 and more.
  if (typeof maxKeyLength === 'number' && maxKeyLength > LONGEST_KEY_BYTES) {
    throw invalidOption('maxKeyLength', maxKeyLength, `at most ${LONGEST_KEY_BYTES} bytes on PostgreSQL`)
  }
  return { schema, durability, options: { ...adapterOptions(read), locks } }
}

const LONGEST_KEY_BYTES = 1_536

/** PostgreSQL cuts longer names short without a word. */
function isName(schema: string): boolean {
  return schema !== '' && Buffer.byteLength(schema) <= 63 && !schema.includes('\0') && !/^pg_/i.test(schema)
}

function badSchema(schema: unknown): PersistenceError {
  return invalidOption('schema', schema, 'a name of 1 to 63 bytes that does not start with pg_')
}
