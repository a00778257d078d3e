import { createHash } from 'node:crypto'
import { type CopySource, labelOf, type StoreTable } from './copy-source.js'

/** What a table holds. */
export interface TableFingerprint {
  readonly table: string
  readonly rows: number
  /** Hex, over every cell in the order of the keys: equal for equal rows, on whichever side they are. */
  readonly sha256: string
}

/** How many rows each table has. */
export async function countsOf(source: CopySource): Promise<Omit<TableFingerprint, 'sha256'>[]> {
  const counts = []
  for (const table of await source.tables()) counts.push({ table: labelOf(table), rows: await source.count(table) })
  return counts
}

/** Reads a whole table. @param onRows Hears of each page how many rows it has. */
export async function fingerprintOf(
  store: CopySource,
  table: StoreTable,
  onRows: (rows: number) => void = () => undefined,
): Promise<TableFingerprint> {
  const hash = createHash('sha256')
  let rows = 0
  for await (const page of store.pages(table)) {
    hash.update(page.rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    rows += page.rows.length
    onRows(page.rows.length)
  }
  return { table: labelOf(table), rows, sha256: hash.digest('hex') }
}
