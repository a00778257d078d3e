import { randomUUID } from 'node:crypto'
import {
  type OperationQueue,
  PersistenceError,
  type Place,
  type PlaceOptions,
  type Row,
  type WriteGuard,
} from '@go-go-scope/persistence-core/dialect'

import { PostgresNotifications } from './notifications/postgres-notifications.js'
import { classify } from './sql/error-codes.js'
import { TIMELINE } from './sql/timeline.js'
import { ReconnectingDriver } from './wire/reconnecting-driver.js'

/** What an awaited write survives; see `PostgresOpenOptions`. */
export type Durability = 'power' | 'process' | 'replicas'

const OLDEST = 140_000
// Values of `client_encoding` with which the server stores UTF-8 unchanged. It reports other spellings as these, except UNICODE.
const UNCHANGED: ReadonlySet<unknown> = new Set(['UTF8', 'UNICODE', 'SQL_ASCII'])
// A setting that the server lacks is NULL. The server may be a PostgreSQL-compatible product.
const FACTS = `SELECT version() AS version,
  current_setting('server_version_num', true)::int AS number, current_setting('server_encoding', true) AS encoding,
  current_setting('client_encoding', true) AS texts,
  current_setting('fsync', true) AS fsync, current_setting('full_page_writes', true) AS pages,
  current_setting('synchronous_commit', true) AS commits, current_setting('synchronous_standby_names', true) AS standbys,
  current_setting('extra_float_digits', true)::int AS digits, current_setting('bytea_output', true) AS bytes,
  pg_is_in_recovery()::int AS standby, current_database() AS database,
  coalesce(host(inet_server_addr()) || ':' || inet_server_port()::text, '') AS address,
  (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()) AS oid`

// Grows by one with each promotion. A standby has no timeline of its own.
const TIMELINE_NOW = `SELECT CASE WHEN NOT pg_is_in_recovery() THEN ${TIMELINE} END::int AS timeline`

/** A schema on a server. */
export class PostgresPlace implements Place {
  /** No check is needed: a server reports a write that it did not keep. */
  readonly guard: WriteGuard = { needsCheck: () => false, checkSql: 'SELECT 1 AS asked', check: () => undefined }
  /** The server's version, for example `18.4`. */
  version = ''
  /** Address, database and schema. A server on a Unix socket and PGlite have no address. */
  location = ''
  identity: string | undefined
  notifications: PostgresNotifications | undefined
  readonly #options: PlaceOptions
  readonly #schema: string
  readonly #durability: Durability
  #timeline: number | undefined

  constructor(options: PlaceOptions, schema: string, durability: Durability) {
    this.#options = options
    this.#schema = schema
    this.#durability = durability
  }

  async enter(queue: OperationQueue): Promise<void> {
    const { driver } = this.#options
    // Checked here because a later failure of `listen` has no caller to throw to.
    if (driver instanceof ReconnectingDriver) await driver.checkListen?.()
    const facts = await this.#checked((sql) => queue.query('connect', sql))
    if (driver instanceof ReconnectingDriver) driver.checksEach(async (ask) => void (await this.#checked(ask)))
    this.version = String(facts.version).replace(/^PostgreSQL (\S+).*$/s, '$1')
    this.location = [facts.address, facts.database, this.#schema].filter((part) => part !== '').join('/')
    const own = driver instanceof ReconnectingDriver ? driver.identity : undefined
    this.identity = `${own ?? (await systemIdentifier(queue, facts))}/${facts.oid}/${this.#schema}`
    this.notifications ??= this.#notificationsOf(queue, facts)
  }

  /** Returns facts about the server. @throws PersistenceError when the server lacks what the adapter needs. */
  async #checked(ask: (sql: string) => Promise<Row[]>): Promise<Row> {
    const [facts = {}] = await ask(FACTS)
    this.#refuse(facts)
    const [before, now] = [this.#timeline, await timelineBy(ask)]
    this.#timeline = now ?? before
    if (before !== undefined && now !== null && now !== before) {
      this.#options.diagnostics.emit({ type: 'failover', location: this.location, before, now })
    }
    return facts
  }

  async schemaReady(): Promise<void> {}

  lockedInMemory(): void {}

  stop(): void {
    const { driver } = this.#options
    if (this.notifications !== undefined && driver instanceof ReconnectingDriver)
      driver.alsoEnds(this.notifications.end())
  }

  async restoreHandle(): Promise<void> {}

  closed(): void {}

  leftOpen(): void {}

  /** The channel is named after the schema, so adapters with the same tables receive the same notifications. */
  #notificationsOf(queue: OperationQueue, { standby }: Row): PostgresNotifications | undefined {
    const { driver, diagnostics } = this.#options
    const listen = driver instanceof ReconnectingDriver ? driver.listen : undefined
    // A standby rejects LISTEN.
    if (listen === undefined || standby === 1) return undefined
    return new PostgresNotifications(this.#schema, randomUUID(), {
      listen,
      send: (channel, text) =>
        queue.query('notifications', 'SELECT pg_notify($1::text, $2::text)::text AS notified', [channel, text]),
      onError: (error) => diagnostics.backgroundError('notifications', error),
    })
  }

  #refuse(facts: Row): void {
    const { version, number, encoding, texts, digits, bytes, standby } = facts
    if (/cockroach/i.test(String(version))) {
      throw unsupported(
        'CockroachDB answers advisory locks without taking them, so fencing tokens would go back; use PostgreSQL 14 or later',
      )
    }
    if (number === null || Number(number) < OLDEST) {
      throw unsupported(`the server is ${version}; PostgreSQL 14 or later is needed`)
    }
    if (encoding !== 'UTF8') {
      throw unsupported(
        `the database has the encoding ${encoding}, which lacks some texts; make one with ENCODING 'UTF8'`,
      )
    }
    // Client libraries always send UTF-8. With another setting the server stores other text, which other processes do not find.
    if (!UNCHANGED.has(texts)) {
      throw unsupported(
        `the connection has client_encoding = ${texts}, which changes every text; set UTF8 where the app makes its handle`,
      )
    }
    // A role with other settings gets rounded numbers, and bytes in a format that client libraries do not read.
    if (Number(digits) < 1) throw unsupported(settingTo('extra_float_digits', digits, '1'))
    if (bytes !== 'hex') throw unsupported(settingTo('bytea_output', bytes, 'hex'))
    if (standby === 1 && !this.#options.readOnly) {
      throw new PersistenceError(
        'READ_ONLY',
        'connect',
        'connect: the server is a standby; connect to the primary, or pass readOnly: true',
      )
    }
    if (!this.#options.readOnly) this.#refuseDurability(facts)
  }

  #refuseDurability({ fsync, pages, commits, standbys }: Row): void {
    if (this.#durability === 'process') return
    if (fsync === 'off' || pages === 'off' || commits === 'off') {
      const off = fsync === 'off' ? 'fsync' : pages === 'off' ? 'full_page_writes' : 'synchronous_commit'
      throw unsupported(`the server has ${off} off, so commits may be lost; turn it on, or pass durability: 'process'`)
    }
    if (this.#durability === 'replicas' && (standbys === '' || commits !== 'remote_apply')) {
      const lacks = standbys === '' ? 'no synchronous_standby_names' : `synchronous_commit ${commits}`
      throw unsupported(
        `the server has ${lacks}, and durability: 'replicas' needs a synchronous standby and ALTER ROLE … SET synchronous_commit = remote_apply`,
      )
    }
  }
}

/** Returns `null` for a standby, and for a managed server that hides its timeline. Such a server grants no locks and no claims. */
export async function timelineBy(ask: (sql: string) => Promise<Row[]>): Promise<number | null> {
  try {
    const [row] = await ask(TIMELINE_NOW)
    return row?.timeline as number | null
  } catch (error) {
    if (classify(error, 'connect').code === 'SQL') return null
    throw error
  }
}

/** Returns the cluster's identifier, which its standbys share, or the address if the role may not read the identifier. */
async function systemIdentifier(queue: OperationQueue, facts: Row): Promise<string> {
  try {
    const [row] = await queue.query('connect', 'SELECT system_identifier::text AS id FROM pg_control_system()')
    return String(row?.id)
  } catch (error) {
    if (error instanceof PersistenceError && error.code === 'SQL') return String(facts.address)
    throw error
  }
}

function settingTo(name: string, found: unknown, wanted: string): string {
  return `the role has the setting ${name} = ${found}, by which values come back changed; ALTER ROLE … SET ${name} = ${wanted}`
}

function unsupported(problem: string): PersistenceError {
  return new PersistenceError('ENGINE_UNSUPPORTED', 'connect', `connect: ${problem}`)
}
