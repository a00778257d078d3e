import { createHash } from 'node:crypto'
import type { OperationQueue } from '../../../queue/operation-queue.js'

/** How long a copy waits for a writer that begins or ends a log, in ms. */
export const SOURCE_WAIT_MS = 5_000

/** What a complete copy has in common with its source. A copy that was cut short passes every check of the copy alone. */
export interface Content {
  /** The number of pages. Absent if the copy has the rows of its source, but other pages. */
  readonly pages?: number
  /** The maximum size of the copy. */
  readonly bytes: number
  readonly pageBytes: number
  /** The SHA-256 of the names and texts of all tables, indexes, triggers and views, in hex. */
  readonly schema: string
}

const SIZE = 'SELECT page_count AS pages, page_size AS bytes FROM pragma_page_count, pragma_page_size'
const OBJECTS = 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name'

/** Reads the database as it is now. In a transaction, this begins the snapshot. */
export async function readContent(
  queue: OperationQueue,
  operation: string,
): Promise<Content & { readonly pages: number }> {
  const rows = await queue.query(operation, OBJECTS)
  const [size] = await queue.query(operation, SIZE)
  const pages = Number(size?.pages)
  const pageBytes = Number(size?.bytes)
  const schema = createHash('sha256')
    .update(JSON.stringify(rows.map(Object.values)))
    .digest('hex')
  return { pages, bytes: pages * pageBytes, pageBytes, schema }
}
