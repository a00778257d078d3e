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
import { DRIVERS, type DriverName } from './wire/by-url.js'
import type { Prepare } from './wire/reconnecting-driver.js'

/** The options that only PostgreSQL adapters have. */
export interface PlaceOptions {
  /** The PostgreSQL schema of the adapter's tables. Default `go_goscope`. */
  schema?: string
  /**
   * What an awaited write survives.
   *
   * - `power`: a loss of power. A server with `fsync`, `full_page_writes` or `synchronous_commit` off is refused.
   * - `process`: what the settings of the server promise.
   * - `replicas`: also the loss of the primary. A server without a synchronous standby, or with another `synchronous_commit`
   *   than `remote_apply`, is refused.
   *
   * Default `power`.
   */
  durability?: Durability
  /**
   * Whether connections keep statements prepared. `auto`: they do, unless a pooler turns out to drop them. With a `Bun.SQL` the
   * option of that decides. Default `auto`.
   */
  prepare?: Prepare
  /**
   * Where to listen for notifications of changes by other processes: a URL that leads to the server past a pooler, or `false`
   * to poll every `watchInterval` instead. Default: the same server.
   */
  newsUrl?: string | false
}

/** Options of the constructor. `locks` is `database` by default. */
export interface PostgresOptions extends AdapterOptions, PlaceOptions {}

/** Options of `open`. */
export interface PostgresOpenOptions extends PostgresOptions {
  /** Never writes. A standby is taken only with it. Default `false`. */
  readOnly?: boolean
  /** The client library: `pg`, `postgres`, or `bun` for `Bun.SQL`. Default: the first of them that is there. */
  driver?: DriverName
}

/** Options of `PostgresCacheAdapter`. */
export interface PostgresCacheOptions extends CacheAdapterOptions, PlaceOptions {}

const PLACE_OPTIONS: OptionNames<PlaceOptions> = {
  schema: true,
  durability: true,
  prepare: true,
  newsUrl: true,
}
const OPTIONS: OptionNames<PostgresOptions> = { ...ADAPTER_OPTIONS, ...PLACE_OPTIONS }
const CACHE_OPTIONS: OptionNames<PostgresCacheOptions> = { ...OPTIONS, tableName: true }
const OPEN_OPTIONS: OptionNames<PostgresOpenOptions> = { ...OPTIONS, readOnly: true, driver: true }

/** Checked options: where our tables are, and what the core takes. */
export interface Resolved<Options> {
  readonly schema: string
  readonly durability: Durability
  readonly prepare: Prepare
  /** `undefined`: the same server. */
  readonly newsUrl: string | false | undefined
  readonly options: Options
}

/**
 * @param usual The durability where none is given.
 * @throws PersistenceError `INVALID_OPTION`.
 */
export function resolved(given: PostgresOptions | undefined, usual: Durability): Resolved<AdapterOptions> {
  return checked(givenOptions(given, OPTIONS), usual)
}

/** As {@link resolved}. */
export function resolvedCache(
  given: PostgresCacheOptions | undefined,
  usual: Durability,
): Resolved<CacheAdapterOptions> {
  const read = givenOptions(given, CACHE_OPTIONS)
  const result = checked(read, usual)
  return read.tableName === undefined
    ? result
    : { ...result, options: { ...result.options, tableName: read.tableName } }
}

/** As {@link resolved}. */
export function resolvedOpen(
  given: PostgresOpenOptions | undefined,
  usual: Durability,
): Resolved<AdapterOptions> & { readonly readOnly: boolean; readonly driver: DriverName | undefined } {
  const read = givenOptions(given, OPEN_OPTIONS)
  const { readOnly = false, driver } = read
  if (typeof readOnly !== 'boolean') throw invalidOption('readOnly', readOnly, 'true or false')
  if (driver !== undefined && !DRIVERS.includes(driver)) {
    throw invalidOption('driver', driver, "'pg', 'postgres' or 'bun'")
  }
  if (read.closeOnDisconnect === false) {
    throw invalidOption(
      'closeOnDisconnect',
      false,
      'true with open(): nobody else holds the connections that would stay open',
    )
  }
  return { ...checked(read, usual), readOnly, driver }
}

function checked(read: PostgresOptions, usual: Durability): Resolved<AdapterOptions> {
  const { schema = 'go_goscope', durability = usual, locks = 'database', maxKeyLength } = read
  const { prepare = 'auto', newsUrl } = read
  if (durability !== 'power' && durability !== 'process' && durability !== 'replicas') {
    throw invalidOption('durability', durability, "'power', 'process' or 'replicas'")
  }
  if (prepare !== 'auto' && typeof prepare !== 'boolean')
    throw invalidOption('prepare', prepare, "'auto', true or false")
  if (newsUrl !== undefined && newsUrl !== false && !isServerUrl(newsUrl)) {
    const got = typeof newsUrl === 'string' ? withoutSecrets(newsUrl) : newsUrl
    throw invalidOption('newsUrl', got, 'like postgres://user:password@host:5432/database, or false')
  }
  if (typeof schema !== 'string' || !isName(schema)) throw badSchema(schema)
  // An entry of an index takes 2,704 bytes, of which prefix and marks have 1,024 and more.
  if (typeof maxKeyLength === 'number' && maxKeyLength > LONGEST_KEY_BYTES) {
    throw invalidOption('maxKeyLength', maxKeyLength, `at most ${LONGEST_KEY_BYTES} bytes on PostgreSQL`)
  }
  return { schema, durability, prepare, newsUrl, options: { ...adapterOptions(read), locks } }
}

const LONGEST_KEY_BYTES = 1_536

export function isServerUrl(url: unknown): boolean {
  return typeof url === 'string' && /^postgres(ql)?:\/\//.test(url)
}

/** For messages: what is no URL of ours may be a mistyped one, with a password before its last `@` or in its parameters. */
export function withoutSecrets(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1…@').replace(/\?.*/s, '?…')
}

/** PostgreSQL cuts longer names short without a word. */
function isName(schema: string): boolean {
  const bytes = Buffer.from(schema)
  if (schema === '' || bytes.length > 63 || schema.includes('\0') || /^pg_/i.test(schema)) return false
  // Lone surrogates would all become the same character.
  return bytes.toString() === schema
}

function badSchema(schema: unknown): PersistenceError {
  return invalidOption('schema', schema, 'a well-formed name of 1 to 63 bytes that does not start with pg_')
}
