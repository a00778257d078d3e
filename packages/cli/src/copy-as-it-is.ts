import { stat } from 'node:fs/promises'
import { checkPages, openHandle } from './check-pages.js'
import { withFileErrors } from './file-errors.js'

/**
 * Copies a snapshot of a file, whatever release its tables are from, and checks the pages of the copy. The copy gets its name
 * once it is complete. The next copy or backup into the folder removes what a killed process has left.
 *
 * @param prepare Called with the path of the copy before it gets its name.
 * @throws PersistenceError `FILE_EXISTS`, and as {@link withFileErrors}.
 */
export function copyAsItIs(
  path: string,
  to: string,
  prepare: (partial: string) => Promise<void> = async () => {},
): Promise<void> {
  return withFileErrors('migrate', () => copy(path, to, prepare))
}

async function copy(path: string, to: string, prepare: (partial: string) => Promise<void>): Promise<void> {
  // As backups get their names. Loaded here, because other commands do not need it.
  const { flush, flushFolder, publish, refuseExisting, TemporaryFile } = await import('@go-go-scope/persistence-core')
  await refuseExisting(to, 'migrate')
  // SQLite fills the empty file.
  const partial = await TemporaryFile.beside(to)
  try {
    const handle = await openHandle(path)
    try {
      handle.exec(`VACUUM INTO '${partial.path.replaceAll("'", "''")}'`)
    } finally {
      handle.close()
    }
    await prepare(partial.path)
    // If the disk was full when the copy was closed, its last changes are still in its WAL, which a rename would leave behind.
    if (await hasLog(partial.path))
      throw new Error(`the copy of ${path} could not be completed; check the disk of ${to}`)
    const [problem] = await checkPages(partial.path)
    if (problem !== undefined) throw new Error(`the copy of ${path} is damaged, as the file may be: ${problem}`)
    // A migration may follow, which cannot be undone, so the copy must be on disk first.
    await flush(partial.path)
    await publish(partial.path, to, 'migrate')
    await flushFolder(to)
  } finally {
    await partial.remove()
  }
}

async function hasLog(path: string): Promise<boolean> {
  const found = await stat(`${path}-wal`).catch(() => undefined) // Usually missing.
  return found !== undefined && found.size > 0
}
