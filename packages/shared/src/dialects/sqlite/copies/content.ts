import { createHash } from 'node:crypto'
import type { OperationQueue } from '../../../queue/operation-queue.js'

/** ms that a copy waits where a writer is just about to begin or to end a log. */
export const SOURCE_WAIT_MS = 5_000

/** What a whole copy has as its source has it. A copy that was cut short passes every check that looks at it alone. */
export interface Content {
  /** Of the database; absent where the copy has the rows and not the pages of its source. */
  readonly pages?: number
  /** The most that the copy takes. */
  readonly bytes: number
  readonly pageBytes: number
  /** How many tables, indexes, triggers and views there are. */
  readonly objects: number
  /** Of their names and texts. */
  readonly schema: string
}

const SIZE = 'SELECT page_count AS pages, page_size AS bytes FROM pragma_page_count, pragma_page_size'
const OBJECTS = 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name'

/** Reads the database as it is now; in a transaction it begins the snapshot of that. */
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
  return { pages, bytes: pages * pageBytes, pageBytes, objects: rows.length, schema }
}
