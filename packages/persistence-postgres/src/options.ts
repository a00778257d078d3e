import {
  ADAPTER_OPTIONS,
  adapterOptions,
  givenOptions,
  invalidOption,
  type OptionNames,
} from '@go-go-scope/persistence-core/dialect'
import type { AdapterOptions, CacheAdapterOptions } from '@go-go-scope/persistence-core/public'
import type { Durability } from './postgres-place.js'
import { DRIVERS, type DriverName } from './wire/by-url.js'
import type { Prepare } from './wire/reconnecting-driver.js'

/** The options that only PostgreSQL adapters have. */
export interface PlaceOptions {
  /** The PostgreSQL schema of the adapter's tables. Default `go_goscope`. */
  schema?: string | undefined
  /**
   * What an awaited write survives.
   *
   * - `power`: a power failure. A server with `fsync`, `full_page_writes` or `synchronous_commit` off is refused.
   * - `process`: whatever the server's settings promise.
   * - `replicas`: also the loss of the primary. A server is refused if it has no synchronous standby, or if
   *   `synchronous_commit` is not `remote_apply`.
   *
   * Default `power`.
   */
  durability?: Durability | undefined
  /**
   * Whether connections keep prepared statements. `auto`: yes, until a pooler turns out to drop them. A `Bun.SQL` decides by its
   * own option. Default `auto`.
   */
  prepare?: Prepare | undefined
  /**
   * Where to listen for notifications of changes by other processes: a URL that reaches the server without a pooler, or `false`
   * to poll every `watchInterval` instead. Default: the same server.
   */
  newsUrl?: string | false | undefined
}

/** Options of the constructor. `locks` is `database` by default. */
export interface PostgresOptions extends AdapterOptions, PlaceOptions {}

/** Options of `open`. */
export interface PostgresOpenOptions extends PostgresOptions {
  /** Never writes. Required to connect to a standby. Default `false`. */
  readOnly?: boolean | undefined
  /** The client library: `pg`, `postgres`, or `bun` for `Bun.SQL`. Default: the first one that is installed. */
  driver?: DriverName | undefined
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

/** Checked options: those of this package, and those for the core. */
export interface Resolved<Options> {
  readonly schema: string
  readonly durability: Durability
  readonly prepare: Prepare
  /** `undefined` means the same server. */
  readonly newsUrl: string | false | undefined
  readonly options: Options
}

/**
 * Checks options and fills in defaults.
 *
 * @param usual The default durability.
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
  if (!isSchemaName(schema)) throw invalidOption('schema', schema, SCHEMA_NAME)
  // An index entry holds at most 2,704 bytes. The prefix and separators take 1,024 or more of them.
  if (typeof maxKeyLength === 'number' && maxKeyLength > LONGEST_KEY_BYTES) {
    throw invalidOption('maxKeyLength', maxKeyLength, `at most ${LONGEST_KEY_BYTES} bytes on PostgreSQL`)
  }
  return { schema, durability, prepare, newsUrl, options: { ...adapterOptions(read), locks } }
}

const LONGEST_KEY_BYTES = 1_536

export function isServerUrl(url: unknown): boolean {
  return typeof url === 'string' && /^postgres(ql)?:\/\//.test(url)
}

/**
 * Removes secrets from `text` for a message. Text that is not a valid URL may be a mistyped one, with a password before its
 * last `@` or in its parameters.
 */
export function withoutSecrets(text: string): string {
  return text.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1…@').replace(/\?.*/s, '?…')
}

export const SCHEMA_NAME = 'a well-formed name of 1 to 63 bytes that does not start with pg_'

/** Whether PostgreSQL accepts the name as it is. It silently truncates longer names. */
export function isSchemaName(schema: unknown): schema is string {
  if (typeof schema !== 'string') return false
  const bytes = Buffer.from(schema)
  if (schema === '' || bytes.length > 63 || schema.includes('\0') || /^pg_/i.test(schema)) return false
  // Lone surrogates all become the same character, so different names would collide.
  return bytes.toString() === schema
}
