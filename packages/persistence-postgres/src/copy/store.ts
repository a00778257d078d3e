import {
  type OperationQueue,
  PersistenceError,
  type Row,
  type SqlValue,
  type Step,
} from '@go-go-scope/persistence-core/dialect'
import { COPIED_TABLES, cellsOf, type TableKind } from './copied-tables.js'
import {
  type CopySource,
  FIRST_PAGE_ROWS,
  type Mark,
  PAGE_BYTES,
  PAGE_ROWS,
  type Page,
  type Position,
  type StoreTable,
} from './copy-source.js'
import { CopyTarget, metaOf, ownCachesOf } from './copy-target.js'
import type { Given, StoreSql } from './store-sql.js'

/** A file, or a schema on a server, for the command `copy`. */
export class Store implements CopySource {
  /** For people: without a password. */
  readonly name: string
  /** Fills the store if it is the target. */
  readonly copy: CopyTarget
  readonly #queue: OperationQueue
  readonly #sql: StoreSql
  readonly #close: () => Promise<void>

  constructor(name: string, queue: OperationQueue, sql: StoreSql, close: () => Promise<void>) {
    this.name = name
    this.#queue = queue
    this.copy = new CopyTarget(queue, sql)
    this.#sql = sql
    this.#close = close
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** Returns the ms by which the store's clock is ahead of this process's. */
  async clockAhead(): Promise<number> {
    const { now } = this.#sql
    return now === undefined ? 0 : Number((await this.#query(now, null))[0]?.now) - Date.now()
  }

  /** Returns the names of the app's own cache tables. */
  ownCaches(): Promise<string[]> {
    return ownCachesOf(this.#queue, this.#sql)
  }

  async tables(): Promise<StoreTable[]> {
    const kinds = Object.keys(COPIED_TABLES) as TableKind[]
    const caches = (await this.ownCaches()).map((name) => ({ kind: 'cache' as const, name }))
    return [...kinds.map((kind) => ({ kind, name: kind })), ...caches]
  }

  async count(table: StoreTable): Promise<number> {
    return Number((await this.#query(this.#sql.table(table.kind, table.name).count))[0]?.rows)
  }

  /**
   * Yields the pages of a table, each with at most 10,000 rows and a few MiB, but at least one row. Reads the next page while the
   * caller works on one.
   */
  async *pages(table: StoreTable, after?: Position): AsyncGenerator<Page> {
    let next = this.#page(table, after, FIRST_PAGE_ROWS)
    for (;;) {
      const page = await next
      if (page === undefined) return
      next = this.#page(table, page.last, Math.min(PAGE_ROWS, 2 * page.rows.length))
      // The error is thrown where the page is awaited. A caller that has failed no longer awaits it.
      next.catch(() => undefined)
      yield page
    }
  }

  async #page(table: StoreTable, after: Position | undefined, most: number): Promise<Page | undefined> {
    const { kind, name } = table
    const sql = this.#sql.table(kind, name)
    const first = after === undefined
    const start = after ?? (COPIED_TABLES[kind].order === 'text' ? '' : Number.MIN_SAFE_INTEGER)
    const sizes = await this.#query(sql.sizes(first), start, most)
    let [last, size] = [undefined as Position | undefined, 0]
    for (const { at, bytes } of sizes) {
      size += Number(bytes)
      if (last !== undefined && size > PAGE_BYTES) break
      last = at as Position
    }
    if (last === undefined) return undefined
    const rows = await this.#query(sql.rows(first), start, last)
    return { rows: rows.map((row) => cellsOf(COPIED_TABLES[kind], name, row)), last }
  }

  /** Returns the names of some locks and claims that are held. */
  async held(): Promise<string[]> {
    const { sql, parameters = [] } = this.#sql.held(Date.now())
    return shownNames(await this.#query(sql, ...parameters))
  }

  given(): Promise<Given> {
    return this.#query(this.#sql.given).then(([row]) => {
      return { token: Number(row?.token), generation: Number(row?.generation) }
    })
  }

  /** Returns the mark of a moved store. */
  moved(): Promise<Mark | undefined> {
    return this.#mark(this.#sql.moved)
  }

  /** Returns the mark of a store that is being filled. */
  filling(): Promise<Mark | undefined> {
    return this.#mark(this.#sql.copies)
  }

  /** Returns the id of the copy that has filled the store completely. */
  async filledBy(): Promise<string | undefined> {
    const [row] = await this.#query(`SELECT value FROM ${metaOf(this.#sql)} WHERE key = 'moved_from'`)
    return row === undefined ? undefined : String(row.value)
  }

  async occupied(): Promise<boolean> {
    return (await this.#query(this.#sql.occupied)).length > 0
  }

  /** Blocks all later writes. Returns `false` if something is held. */
  async seal(id: string, to: string): Promise<boolean> {
    // Not a code that the queue retries.
    const held = new PersistenceError('CONSTRAINT', 'copy', 'copy: locks or claims are held')
    const free: Step = { ...this.#sql.held(Date.now()), expect: 0, unmet: () => held }
    try {
      const sealing = this.#sql.seal(free, await this.ownCaches(), id, to)
      await this.#queue.atomic('copy', [...this.#sql.flushed, ...sealing])
      return true
    } catch (error) {
      if (error === held) return false
      throw error
    }
  }

  async unseal(): Promise<void> {
    await this.#queue.atomic('unseal', this.#sql.unseal(await this.ownCaches()))
  }

  async #mark(table: string): Promise<Mark | undefined> {
    const isThere = async (): Promise<boolean> =>
      (await this.#query(this.#sql.marks)).some(({ name }) => table.endsWith(String(name)))
    if (!(await isThere())) return undefined
    try {
      const [row] = await this.#query(`SELECT id, store FROM ${table} LIMIT 1`)
      return row && { id: String(row.id), store: String(row.store) }
    } catch (error) {
      // The copy that fills the store may have ended meanwhile.
      if (await isThere()) throw error
      return undefined
    }
  }

  #query(sql: string, ...parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#queue.query('copy', sql, parameters)
  }
}

/** Returns names for people. Qualified names have control characters between their parts. */
function shownNames(rows: readonly { readonly name?: unknown }[]): string[] {
  return rows.map(({ name }) => String(name).replaceAll('\u0001', '/'))
}
