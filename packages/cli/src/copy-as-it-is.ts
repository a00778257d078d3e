import { stat } from 'node:fs/promises'
import { checkPages, openHandle } from './check-pages.js'
import { makeFile } from './new-file.js'

/**
 * Copies a snapshot of a file, whatever release its tables are from, and checks the pages of the copy.
 *
 * @param prepare Called with the path of the copy before it gets its name.
 * @throws PersistenceError as {@link makeFile}.
 */
export function copyAsItIs(
  path: string,
  to: string,
  prepare: (partial: string) => Promise<void> = async () => {},
): Promise<void> {
  // SQLite fills the empty file.
  return makeFile(to, 'migrate', async ({ path: partial }) => {
    const handle = await openHandle(path)
    try {
      handle.exec(`VACUUM INTO '${partial.replaceAll("'", "''")}'`)
    } finally {
      handle.close()
    }
    await prepare(partial)
    // If the disk was full when the copy was closed, its last changes are still in its WAL, which a rename would leave behind.
    if (await hasLog(partial)) throw new Error(`the copy of ${path} could not be completed; check the disk of ${to}`)
    const [problem] = await checkPages(partial)
    if (problem !== undefined) throw new Error(`the copy of ${path} is damaged, as the file may be: ${problem}`)
    const { flush } = await import('@go-go-scope/persistence-core')
    // A migration may follow, which cannot be undone, so the copy must be on disk first.
    await flush(partial)
  })
}

async function hasLog(path: string): Promise<boolean> {
  const found = await stat(`${path}-wal`).catch(() => undefined) // Usually missing.
  return found !== undefined && found.size > 0
}
