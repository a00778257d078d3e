import { link, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkPages, openHandle } from './check-pages.js'
import { UsageError } from './exit-codes.js'
import { flushHandle } from './flush-handle.js'

/**
 * Copies a snapshot of a file, whatever release its tables are from, and checks the pages of the copy. The copy gets its name
 * once it is complete. A killed process leaves a file that ends with `.partial`.
 *
 * @param prepare Called with the path of the copy before it gets its name.
 * @throws UsageError if the file exists.
 */
export async function copyAsItIs(
  path: string,
  to: string,
  prepare: (partial: string) => Promise<void> = async () => {},
): Promise<void> {
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
    await giveName(partial, to)
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

/** Gives the file its name without replacing another file. */
async function giveName(partial: string, to: string): Promise<void> {
  try {
    await link(partial, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error
      // Without hard links, an empty file reserves the name. A crash in between leaves that file.
      await (await open(to, 'wx', 0o600)).close()
      await rename(partial, to).catch(async (failure) => {
        await rm(to)
        throw failure
      })
    })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new UsageError(`there is a file ${to} already`) : error
  }
  // Windows cannot sync a folder.
  if (process.platform === 'win32') return
  const folder = await open(dirname(to), 'r')
  try {
    await flushHandle(folder)
  } catch (error) {
    // Neither can some file systems, such as the shared folders of virtual machines.
    if (!['EBADF', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(String((error as NodeJS.ErrnoException).code)))
      throw error
  } finally {
    await folder.close()
  }
}
