import { type OperationQueue, PersistenceError, type Row, type Step } from '@go-go-scope/persistence-core/dialect'
import { type Cell, COPIED_TABLES, cellsOf, type TableKind } from './copied-tables.js'
import type { Given, StoreSql, TableSql } from './store-sql.js'

/** A table that is copied. */
export interface StoreTable {
  readonly kind: TableKind
  /** That of the kind, or of a cache that has a name of the app's. */
  readonly name: string
}

/** Where a page ends: a key, or the number of a row. */
export type Position = string | number

export interface Page {
  readonly rows: readonly Cell[][]
  readonly last: Position
}

/** A store that was left, or is being filled. */
export interface Mark {
  /** Of the copy. */
  readonly id: string
  /** The other store, in words. */
  readonly store: string
}

/** How far a table has been filled. */
export interface Filled {
  readonly rows: number
  readonly position: Position | undefined
}

// Of large values no page takes many rows: how many there are room for is known behind the first page.
export const FIRST_PAGE_ROWS = 100
export const PAGE_ROWS = 10_000
export const PAGE_BYTES: number = 4 * 1024 * 1024

/** A file or a schema of a server, as the command `copy` uses it. */
export class Store {
  /** For people: without a password. */
  readonly name: string
  readonly #queue: OperationQueue
  readonly #sql: StoreSql
  readonly #close: () => Promise<void>

  constructor(name: string, queue: OperationQueue, sql: StoreSql, close: () => Promise<void>) {
    this.name = name
    this.#queue = queue
    this.#sql = sql
    this.#close = close
  }

  close(): Promise<void> {
    return this.#close()
  }

  /** Epoch ms by the clock that judges here. */
  async now(): Promise<number> {
    const { now } = this.#sql
    return now === undefined ? Date.now() : Number((await this.#query(now, null))[0]?.now)
  }

  async tables(): Promise<StoreTable[]> {
    const kinds = Object.keys(COPIED_TABLES) as TableKind[]
    const caches = (await this.#ownCaches()).map((name) => ({ kind: 'cache' as const, name }))
    return [...kinds.map((kind) => ({ kind, name: kind })), ...caches]
  }

  async count(table: StoreTable): Promise<number> {
    return Number((await this.#query(this.#of(table).count))[0]?.rows)
  }

  /**
   * The pages of a table, each at most 10,000 rows and a few MiB, but one row at least. The next one is read while the caller
   * works on one.
   */
  async *pages(table: StoreTable, after?: Position): AsyncGenerator<Page> {
    let next = this.#page(table, after, FIRST_PAGE_ROWS)
    for (;;) {
      const page = await next
      if (page === undefined) return
      next = this.#page(table, page.last, Math.min(PAGE_ROWS, 2 * page.rows.length))
      // It is told of where it is awaited; a caller that has failed awaits it no more.
      next.catch(() => undefined)
      yield page
    }
  }

  async #page(table: StoreTable, after: Position | undefined, most: number): Promise<Page | undefined> {
    const { kind, name } = table
    const sql = this.#of(table)
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

  /** Names of some locks and claims that are held. */
  async held(): Promise<string[]> {
    const { sql, parameters } = this.#sql.held(Date.now())
    return shownNames(await this.#queue.query('copy', sql, parameters))
  }

  given(): Promise<Given> {
    return this.#query(this.#sql.given).then(([row]) => {
      return { token: Number(row?.token), generation: Number(row?.generation) }
    })
  }

  /** What was left. */
  moved(): Promise<Mark | undefined> {
    return this.#mark(this.#sql.moved)
  }

  /** What is being filled. */
  filling(): Promise<Mark | undefined> {
    return this.#mark(this.#sql.copies)
  }

  /** The copy that has filled it to its end. */
  async filledBy(): Promise<string | undefined> {
    const [row] = await this.#query(`SELECT value FROM ${this.#meta} WHERE key = 'moved_from'`)
    return row === undefined ? undefined : String(row.value)
  }

  async occupied(): Promise<boolean> {
    return (await this.#query(this.#sql.occupied)).length > 0
  }

  /** Has nothing write to it from now on. @returns `false` while something is held. */
  async seal(id: string, to: string): Promise<boolean> {
    // No code for which the queue would try again by itself.
    const held = new PersistenceError('CONSTRAINT', 'copy', 'copy: locks or claims are held')
    const free: Step = { ...this.#sql.held(Date.now()), expect: 0, unmet: () => held }
    try {
      const sealing = this.#sql.seal(free, await this.#ownCaches(), id, to)
      await this.#queue.atomic('copy', [...this.#sql.flushed, ...sealing])
      return true
    } catch (error) {
      if (error === held) return false
      throw error
    }
  }

  async unseal(): Promise<void> {
    await this.#queue.atomic('unseal', this.#sql.unseal(await this.#ownCaches()))
  }

  /** Marks it as being filled, until {@link finish}. */
  async begin({ id, store }: Mark, tables: readonly StoreTable[]): Promise<void> {
    const { copies, createCopies, createCache, deletePrefixes } = this.#sql
    const own = tables.filter(({ kind, name }) => kind === 'cache' && name !== kind)
    const existing = await this.#ownCaches()
    const missing = own.filter(({ name }) => !existing.includes(name))
    const into = (name: string): Step => ({
      sql: `INSERT INTO ${copies} (name, id, store, rows) VALUES (${this.#places(1, 2, 3)}, 0)`,
      parameters: [name, id, store],
    })
    await this.#queue.atomic('copy', [
      ...bare([createCopies, deletePrefixes, ...missing.flatMap(({ name }) => createCache(name))]),
      ...tables.map((table) => into(labelOf(table))),
    ])
  }

  async filled(table: StoreTable): Promise<Filled> {
    const sql = `SELECT rows, position FROM ${this.#sql.copies} WHERE name = ${this.#places(1)}`
    const [row] = await this.#query(sql, labelOf(table))
    const position = row?.position
    return {
      rows: Number(row?.rows ?? 0),
      position: typeof position === 'string' ? (JSON.parse(position) as Position) : undefined,
    }
  }

  /** Writes rows together with how far that is. @param from What was there before. @returns what is there now. */
  async write(table: StoreTable, { rows, last }: Page, from: Filled): Promise<Filled> {
    const filled = { rows: from.rows + rows.length, position: last }
    const inserts = this.#of(table)
      .insert(rows.length)
      .map((sql) => ({ sql, parameters: [JSON.stringify(rows)] }))
    await this.#queue.atomic('copy', [...this.#sql.unflushed, this.#step(table, from, filled), ...inserts])
    return filled
  }

  /** Has what was written of a table outlive a crash of the server, and finds out whether one has taken some of it. */
  async flush(table: StoreTable, filled: Filled): Promise<void> {
    if (this.#sql.unflushed.length === 0 || filled.rows === 0) return
    await this.#queue.atomic('copy', [...this.#sql.flushed, this.#step(table, filled, filled)])
  }

  /** @param from What must be there: it is not where another copy is at the target, or where a crash has taken some of it. */
  #step(table: StoreTable, from: Filled, to: Filled): Step {
    return {
      sql: `UPDATE ${this.#sql.copies} SET position = ${this.#places(1)}, rows = ${this.#places(2)}
WHERE name = ${this.#places(3)} AND rows = ${this.#places(4)} RETURNING name`,
      parameters: [JSON.stringify(to.position), to.rows, labelOf(table), from.rows],
      expect: 1,
      unmet: () =>
        failure(
          'CONSTRAINT',
          'another copy is at the same target, or its server has crashed; when that is over, run the copy again',
        ),
    }
  }

  /** Opens it to adapters. */
  async finish(id: string, given: Given): Promise<void> {
    const meta = this.#meta
    await this.#queue.atomic('copy', [
      ...this.#sql.flushed,
      ...this.#sql.raise(given),
      ...bare([`DROP TABLE ${this.#sql.copies}`, `DELETE FROM ${meta} WHERE key = 'moved_from'`]),
      { sql: `INSERT INTO ${meta} (key, value) VALUES ('moved_from', ${this.#places(1)})`, parameters: [id] },
    ])
  }

  get #meta(): string {
    return this.#sql.moved.replace(/moved$/, 'meta')
  }

  async #mark(table: string): Promise<Mark | undefined> {
    const there = (await this.#query(this.#sql.marks)).some(({ name }) => table.endsWith(String(name)))
    if (!there) return undefined
    const [row] = await this.#query(`SELECT id, store FROM ${table} LIMIT 1`)
    return row === undefined ? undefined : { id: String(row.id), store: String(row.store) }
  }

  async #ownCaches(): Promise<string[]> {
    return (await this.#query(this.#sql.ownCaches)).map(({ name }) => String(name))
  }

  #of({ kind, name }: StoreTable): TableSql {
    return this.#sql.table(kind, name)
  }

  #places(...numbers: number[]): string {
    return numbers.map((number) => this.#sql.parameter(number)).join(', ')
  }

  #query(sql: string, ...parameters: (string | number | null)[]): Promise<Row[]> {
    return this.#queue.query('copy', sql, parameters)
  }
}

/** What a copy reads. */
export type CopySource = Pick<Store, 'name' | 'tables' | 'count' | 'pages'>

/** The name of a table, by which those of the app's names are told from ours. */
export function labelOf({ kind, name }: StoreTable): string {
  return kind === 'cache' && name !== kind ? `cache ${name}` : name
}

export function failure(
  code: 'BUSY' | 'CONSTRAINT' | 'DIVERGED' | 'FILE_EXISTS' | 'INVALID_ARGUMENT' | 'MOVED',
  problem: string,
): PersistenceError {
  return new PersistenceError(code, 'copy', `copy: ${problem}`)
}

/** Qualified names have control characters between their parts. */
function shownNames(rows: readonly { readonly name?: unknown }[]): string[] {
  return rows.map(({ name }) => String(name).replaceAll('\u0001', '/'))
}

function bare(texts: readonly string[]): Step[] {
  return texts.map((sql) => ({ sql, parameters: [] }))
}
