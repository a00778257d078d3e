import pg from 'pg'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, type Place } from './moved-store.js'

/** The types of 2.9's columns that are not keys. They are not documented, so the copy accepts any of these. */
export interface Shape {
  readonly text: string
  readonly value: string
  readonly time: string
  readonly number: string
  readonly progress: string
}

export const AS_JSONB: Shape = {
  text: 'text',
  value: 'jsonb',
  time: 'timestamp',
  number: 'integer',
  progress: 'real',
}
export const AS_TEXT: Shape = {
  text: 'varchar(255)',
  value: 'text',
  time: 'bigint',
  number: 'bigint',
  progress: 'numeric',
}

/** A time in whole ms that is no whole second. */
export const NOW: number = Math.floor(Date.now() / 1_000) * 1_000 + 123
export const IN_ONE_HOUR: number = NOW + 3_600_000

const TABLES = ({ text, value, time, number, progress }: Shape): Readonly<Record<string, string>> => ({
  circuit: `key ${text} PRIMARY KEY, state ${text} NOT NULL, failure_count ${number} NOT NULL DEFAULT 0,
    last_failure_time ${time}, last_success_time ${time}, updated_at ${time}`,
  cache: `key ${text} PRIMARY KEY, value ${value} NOT NULL, expires_at ${time}, created_at ${time}`,
  checkpoints: `id ${text} PRIMARY KEY, task_id ${text} NOT NULL, sequence ${number} NOT NULL, timestamp ${time} NOT NULL,
    progress ${progress} NOT NULL DEFAULT 0, data ${value} NOT NULL, estimated_time_remaining ${number}`,
  idempotency: `key ${text} PRIMARY KEY, value ${value} NOT NULL, expires_at ${time}`,
})

/** The server's tables of 2.9 in the schema of one test. */
export class PublishedServer {
  readonly schema: string
  readonly #shape: Shape
  readonly #zone: string

  /** Creates them empty. @param zone the time zone of times that are stored without one */
  static async make(place: Place, shape: Shape, zone = 'UTC'): Promise<PublishedServer> {
    const server = new PublishedServer(place.schema, shape, zone)
    await admin.query(`CREATE SCHEMA "${server.schema}"`)
    for (const [table, columns] of Object.entries(TABLES(shape)))
      await admin.query(`CREATE TABLE ${server.table(table)} (${columns})`)
    return server
  }

  private constructor(schema: string, shape: Shape, zone: string) {
    this.schema = schema
    this.#shape = shape
    this.#zone = zone
  }

  table(name: string): string {
    return `"${this.schema}".go_goscope_${name}`
  }

  /** Converts a time to the type of a column. @param ms epoch ms */
  time(ms: number | null): string | number | null {
    if (ms === null || this.#shape.time === 'bigint') return ms
    const shown = new Date(ms).toLocaleString('sv', { timeZone: this.#zone })
    return this.#shape.time === 'timestamp'
      ? `${shown}.${String(ms % 1_000).padStart(3, '0')}`
      : new Date(ms).toISOString()
  }

  async insert(table: string, ...rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    for (const row of rows) {
      const names = Object.keys(row)
      const places = names.map((_, index) => `$${index + 1}`)
      const sql = `INSERT INTO ${this.table(table)} (${names.join(', ')}) VALUES (${places.join(', ')})`
      await admin.query(sql, Object.values(row))
    }
  }

  /** Writes what 2.9 wrote for the prefix `shop:`. */
  async fill(): Promise<void> {
    const time = (ms: number | null): unknown => this.time(ms)
    await this.insert(
      'cache',
      { key: 'shop:cache:user', value: '{"name":"Ada","tags":[1,null,2.5]}', expires_at: time(IN_ONE_HOUR) },
      { key: 'shop:cache:for ever', value: '"té\\u0001xt \\ud83d\\ude00"', expires_at: null },
      { key: 'shop:cache:expired', value: '1', expires_at: time(NOW - 5_000) },
      { key: 'other:cache:user', value: 'false', expires_at: null },
    )
    const at = { last_failure_time: time(NOW - 1_000), last_success_time: time(NOW - 9_000) }
    await this.insert(
      'circuit',
      { key: 'shop:circuit:api', state: 'open', failure_count: 5, ...at, updated_at: time(NOW - 1_000) },
      { key: 'shop:circuit:fresh', state: 'closed', failure_count: 0, updated_at: null },
    )
    await this.insert(
      'idempotency',
      { key: 'shop:pay-1', value: '[null,{"receipt":7}]', expires_at: time(IN_ONE_HOUR) },
      { key: 'shop:pay-2', value: '[null,null]', expires_at: null },
      { key: 'shop:expired', value: '[null,1]', expires_at: time(NOW - 5_000) },
    )
    const checkpoint = { task_id: 'import', timestamp: time(NOW - 20), progress: 33.3 }
    await this.insert(
      'checkpoints',
      { ...checkpoint, id: 'import-2', sequence: 2, data: '{"row":200,"none":{}}', estimated_time_remaining: 4_000 },
      { ...checkpoint, id: 'import-1', sequence: 1, data: '{"row":100}' },
      { ...checkpoint, task_id: 'equal', id: 'made last', sequence: 1, timestamp: time(NOW - 10), data: '2' },
      { ...checkpoint, task_id: 'equal', id: 'made first', sequence: 1, data: '1' },
    )
  }
}

/** Runs a test with another default time zone for connections that set none. */
export async function withZoneOfRole(schema: string, zone: string, run: (url: string) => Promise<void>): Promise<void> {
  const role = `role_${schema}`
  await admin.query(`CREATE ROLE "${role}" LOGIN`)
  try {
    await admin.query(`ALTER ROLE "${role}" SET TimeZone = ${pg.escapeLiteral(zone)}`)
    await admin.query(`GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`)
    await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`)
    const url = new URL(serverUrl())
    url.username = role
    await run(url.href)
  } finally {
    await admin.query(`DROP OWNED BY "${role}"`)
    await admin.query(`DROP ROLE "${role}"`)
  }
}
