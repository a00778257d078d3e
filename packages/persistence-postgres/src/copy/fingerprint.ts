import { createHash } from 'node:crypto'
import { labelOf, type Position, type Store, type StoreTable } from './store.js'

/** What a table holds. */
export interface TableFingerprint {
  readonly table: string
  readonly rows: number
  /** Hex, over every cell in the order of the keys: equal for equal rows, on whichever side they are. */
  readonly sha256: string
}

/** Reads a whole table. @param onRows Hears of each page how many rows it has. */
export async function fingerprintOf(
  store: Store,
  table: StoreTable,
  onRows: (rows: number) => void = () => undefined,
): Promise<TableFingerprint> {
  const hash = createHash('sha256')
  let rows = 0
  let after: Position | undefined
  for (;;) {
    const page = await store.page(table, after)
    if (page === undefined) return { table: labelOf(table), rows, sha256: hash.digest('hex') }
    for (const row of page.rows) hash.update(`${JSON.stringify(row)}\n`)
    rows += page.rows.length
    after = page.last
    onRows(page.rows.length)
  }
}
