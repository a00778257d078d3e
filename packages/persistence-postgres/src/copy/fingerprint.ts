import { createHash } from 'node:crypto'
import { type CopySource, labelOf, type StoreTable } from './copy-source.js'

/** Identifies the content of a table. */
export interface TableFingerprint {
  readonly table: string
  readonly rows: number
  /** SHA-256 in hex over every cell in the order of the keys. Equal for equal rows on either side. */
  readonly sha256: string
}

/** Returns the number of rows of each table. */
export async function countsOf(source: CopySource): Promise<Omit<TableFingerprint, 'sha256'>[]> {
  const counts = []
  for (const table of await source.tables()) counts.push({ table: labelOf(table), rows: await source.count(table) })
  return counts
}

/** Reads a whole table. @param onRows Called with the number of rows of each page. */
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
