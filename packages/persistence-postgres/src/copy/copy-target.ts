import type { OperationQueue, Step } from '@go-go-scope/persistence-core/dialect'
import { failure, labelOf, type Mark, type Page, type Position, type StoreTable } from './copy-source.js'
import type { Given, StoreSql } from './store-sql.js'

/** How far a table has been filled. */
export interface Filled {
  readonly rows: number
  readonly position: Position | undefined
}

/** A store that is being filled by a copy. */
export class CopyTarget {
  readonly #queue: OperationQueue
  readonly #sql: StoreSql

  constructor(queue: OperationQueue, sql: StoreSql) {
    this.#queue = queue
    this.#sql = sql
  }

  /** Marks the store as being filled, until {@link finish}. */
  async begin({ id, store }: Mark, tables: readonly StoreTable[]): Promise<void> {
    const { copies, beginCopy, createCache, parameter } = this.#sql
    const places = [1, 2, 3].map(parameter).join(', ')
    const own = tables.filter(({ kind, name }) => kind === 'cache' && name !== kind)
    const existing = await ownCachesOf(this.#queue, this.#sql)
    const missing = own.filter(({ name }) => !existing.includes(name))
    const into = (name: string): Step => ({
      sql: `INSERT INTO ${copies} (name, id, store, rows) VALUES (${places}, 0)`,
      parameters: [name, id, store],
    })
    // Another run of the same copy may have completed it. The rows would then be copied a second time.
    const unfilled: Step = {
      sql: `SELECT 1 FROM ${metaOf(this.#sql)} WHERE key = 'moved_from' AND value = ${parameter(1)}`,
      parameters: [id],
      expect: 0,
      unmet: () => failure('CONSTRAINT', 'another copy has filled the same target; run the copy again'),
    }
    await this.#queue.atomic('copy', [
      ...bare([...beginCopy, ...missing.flatMap(({ name }) => createCache(name))]),
      unfilled,
      ...tables.map((table) => into(labelOf(table))),
    ])
  }

  async filled(table: StoreTable): Promise<Filled> {
    const sql = `SELECT rows, position FROM ${this.#sql.copies} WHERE name = ${this.#sql.parameter(1)}`
    const [row] = await this.#queue.query('copy', sql, [labelOf(table)])
    const position = row?.position
    return {
      rows: Number(row?.rows ?? 0),
      position: typeof position === 'string' ? (JSON.parse(position) as Position) : undefined,
    }
  }

  /** Writes rows and the new progress in one transaction. @param from The progress before. @returns the progress after. */
  async write(table: StoreTable, { rows, last }: Page, from: Filled): Promise<Filled> {
    const filled = { rows: from.rows + rows.length, position: last }
    const sql = this.#sql
    const texts = sql.table(table.kind, table.name).insert(rows.length)
    const parameters = [JSON.stringify(rows)]
    const inserts = texts.map((text) => ({ sql: text, parameters }))
    await this.#queue.atomic('copy', [...sql.unflushed, this.#step(table, from, filled), ...inserts])
    return filled
  }

  /** Makes the rows of a table durable, and checks that no crash of the server has lost some of them. */
  async flush(table: StoreTable, filled: Filled): Promise<void> {
    const { unflushed, flushed } = this.#sql
    if (unflushed.length === 0 || filled.rows === 0) return
    await this.#queue.atomic('copy', [...flushed, this.#step(table, filled, filled)])
  }

  /** @param from The expected progress. It differs if another copy fills the target, or if a crash has lost rows. */
  #step(table: StoreTable, from: Filled, to: Filled): Step {
    const { copies, parameter } = this.#sql
    return {
      sql: `UPDATE ${copies} SET position = ${parameter(1)}, rows = ${parameter(2)}
WHERE name = ${parameter(3)} AND rows = ${parameter(4)} RETURNING name`,
      parameters: [JSON.stringify(to.position), to.rows, labelOf(table), from.rows],
      expect: 1,
      unmet: () =>
        failure(
          'CONSTRAINT',
          'another copy is at the same target, or its server has crashed; run the copy again after that',
        ),
    }
  }

  /** Completes the copy, so that adapters can open the store. */
  async finish(id: string, given: Given): Promise<void> {
    const sql = this.#sql
    const meta = metaOf(sql)
    await this.#queue.atomic('copy', [
      ...sql.flushed,
      ...sql.raise(given),
      ...bare([`DROP TABLE ${sql.copies}`, `DELETE FROM ${meta} WHERE key = 'moved_from'`]),
      { sql: `INSERT INTO ${meta} (key, value) VALUES ('moved_from', ${sql.parameter(1)})`, parameters: [id] },
    ])
  }
}

function bare(texts: readonly string[]): Step[] {
  return texts.map((sql) => ({ sql }))
}

/** Returns the names of the app's own cache tables. */
export async function ownCachesOf(queue: OperationQueue, { ownCaches }: StoreSql): Promise<string[]> {
  return (await queue.query('copy', ownCaches)).map(({ name }) => String(name))
}

/** Returns the name of the table with the schema version and other metadata. */
export function metaOf({ moved }: StoreSql): string {
  return moved.replace(/moved$/, 'meta')
}
