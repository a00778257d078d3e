import { type OperationQueue, PersistenceError, type Row } from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { cellsOf } from './copied-tables.js'
import {
  type CopySource,
  FIRST_PAGE_ROWS,
  failure,
  PAGE_BYTES,
  PAGE_ROWS,
  type Page,
  type StoreTable,
} from './copy-source.js'
import { connectionTo, nameOf } from './open-store.js'
import { checkedTable, PUBLISHED, type PublishedKind, rowsOf } from './published-columns.js'

/** How the tables of go-go-scope 2.9 are read. */
export interface TablesOf29Options {
  /** The schema of the tables. Default `public`. */
  schema?: string | undefined
  /** The time zone of times that were stored without one, by its PostgreSQL name. Default: that of the connecting role. */
  timeZone?: string | undefined
}

// One snapshot for all tables, read-only.
const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
const IN_ZONE = "SELECT set_config('TimeZone', $1::text, true) AS zone"
const COLUMNS = `SELECT relname::text AS table, attname::text AS column, typname::text AS type
FROM pg_catalog.pg_class
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace AND nspname = $1::text
JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
JOIN pg_catalog.pg_type ON pg_type.oid = atttypid
WHERE relkind IN ('r', 'p', 'v', 'f', 'm') ORDER BY 1, 2`

/** A snapshot of the tables that go-go-scope 2.9 made on a server. */
export class TablesOf29 implements CopySource {
  /** For people: without a password. */
  readonly name: string
  readonly #queue: OperationQueue
  readonly #schema: string
  /** The query for each existing table. */
  readonly #rows: ReadonlyMap<StoreTable, string>
  readonly #close: () => Promise<void>

  /** @throws PersistenceError `SCHEMA_MISSING`, `FOREIGN_TABLE`, `INVALID_ARGUMENT`; also the errors of connecting. */
  static async open(url: string, { schema = 'public', timeZone }: TablesOf29Options): Promise<TablesOf29> {
    const connection = await connectionTo(url, schema, true)
    const close = (): Promise<void> => connection.close()
    try {
      await connection.open()
      const { queue } = connection
      await queue.query('copy', BEGIN)
      if (timeZone !== undefined) await setZone(queue, timeZone)
      const name = nameOf(url, schema)
      return new TablesOf29(name, queue, schema, await tablesIn(queue, schema, name), close)
    } catch (error) {
      await close().catch(() => undefined) // The caller needs the error of opening.
      throw error
    }
  }

  private constructor(
    name: string,
    queue: OperationQueue,
    schema: string,
    rows: ReadonlyMap<StoreTable, string>,
    close: () => Promise<void>,
  ) {
    this.name = name
    this.#queue = queue
    this.#schema = schema
    this.#rows = rows
    this.#close = close
  }

  /** Closes the connection, which ends the transaction. */
  close(): Promise<void> {
    return this.#close()
  }

  async tables(): Promise<StoreTable[]> {
    return [...this.#rows.keys()]
  }

  async count({ kind }: StoreTable): Promise<number> {
    const table = `${quoted(this.#schema)}.${quoted(PUBLISHED[kind as PublishedKind].name)}`
    const [row] = await this.#queue.query('copy', `SELECT count(*)::float8 AS rows FROM ${table}`)
    return Number(row?.rows)
  }

  /** Yields the pages of a table, each with at most 10,000 rows. Pages have a few MiB if rows are of similar size. */
  async *pages(table: StoreTable): AsyncGenerator<Page> {
    const kind = table.kind as PublishedKind
    const [checked, { name }] = [checkedTable(kind), PUBLISHED[kind]]
    await this.#queue.query('copy', `DECLARE copied NO SCROLL CURSOR FOR ${this.#rows.get(table)}`)
    let [most, last] = [FIRST_PAGE_ROWS, 0]
    for (;;) {
      const found = await this.#queue.query('copy', `FETCH FORWARD ${most} FROM copied`)
      if (found.length === 0) break
      const rows = found.map((row) => cellsOf(checked, name, row))
      last += rows.length
      yield { rows, last }
      const bytes = found.reduce((sum, row) => sum + sizeOf(row), 0)
      most = Math.max(1, Math.min(PAGE_ROWS, 2 * most, Math.floor((PAGE_BYTES * rows.length) / bytes)))
    }
    await this.#queue.query('copy', 'CLOSE copied')
  }
}

function sizeOf(row: Row): number {
  return Object.values(row).reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0)
}

async function setZone(queue: OperationQueue, timeZone: string): Promise<void> {
  try {
    await queue.query('copy', IN_ZONE, [timeZone])
  } catch (error) {
    if (!(error instanceof PersistenceError && error.code === 'SQL')) throw error
    throw failure('INVALID_ARGUMENT', `the server knows no time zone ${JSON.stringify(timeZone)}: ${error.message}`)
  }
}

async function tablesIn(queue: OperationQueue, schema: string, place: string): Promise<Map<StoreTable, string>> {
  const columns = await queue.query('copy', COLUMNS, [schema])
  const tables = new Map<StoreTable, string>()
  for (const kind of Object.keys(PUBLISHED) as PublishedKind[]) {
    const own = columns.filter(({ table }) => table === PUBLISHED[kind].name)
    if (own.length === 0) continue
    const types = new Map(own.map(({ column, type }) => [String(column), String(type)]))
    tables.set({ kind, name: kind }, rowsOf(kind, schema, types))
  }
  if (tables.size > 0) return tables
  const names = Object.values(PUBLISHED).map(({ name }) => name)
  throw new PersistenceError(
    'SCHEMA_MISSING',
    'copy',
    `copy: there is none of ${names.join(', ')} in ${place}; name their schema by --schema`,
  )
}
