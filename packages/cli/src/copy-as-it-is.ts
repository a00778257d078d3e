import { open, rm, stat } from 'node:fs/promises'
import { checkPages, openHandle } from './check-pages.js'
import { withFileErrors } from './file-errors.js'

/**
 * Copies a snapshot of a file, whatever release its tables are from, and checks the pages of the copy. The copy gets its name
 * once it is complete. A killed process leaves a file that ends with `.partial`.
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
  const { flushFolder, flushHandle, publish, refuseExisting } = await import('@go-go-scope/persistence-core')
  await refuseExisting(to, 'migrate')
  const partial = `${to}.${process.pid}.partial`
  // Readable only by its owner. SQLite fills the empty file.
  const made = await open(partial, 'wx', 0o600)
  try {
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
    // A migration may follow, which cannot be undone, so the copy must be on disk first.
    await flushHandle(made)
    await publish(partial, to, 'migrate')
    await flushFolder(to)
  } finally {
    await made.close()
    // Also `-wal` and `-shm`, which a read-only connection to a file in WAL mode leaves behind.
    for (const suffix of ['', '-wal', '-shm']) await rm(partial + suffix, { force: true })
  }
}

async function hasLog(path: string): Promise<boolean> {
  const found = await stat(`${path}-wal`).catch(() => undefined) // Usually missing.
  return found !== undefined && found.size > 0
}
