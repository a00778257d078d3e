import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkPages, openHandle } from './check-pages.js'
import { UsageError } from './exit-codes.js'

/**
 * Copies a file of one moment as it is, of whatever release its tables are, and reads the pages of the copy. It has its name
 * when it is whole: a process that is killed leaves a file that ends with `.partial`.
 *
 * @param prepare What is done with the copy, at another path, before it has its name.
 * @throws UsageError where there is a file of that name.
 */
export async function copyAsItIs(
  path: string,
  to: string,
  prepare: (partial: string) => Promise<void> = async () => {},
): Promise<void> {
  const partial = `${to}.${process.pid}.partial`
  // For its owner alone; SQLite fills an empty file.
  const made = await open(partial, 'wx', 0o600)
  try {
    const handle = await openHandle(path)
    try {
      handle.exec(`VACUUM INTO '${partial.replaceAll("'", "''")}'`)
    } finally {
      handle.close()
    }
    await prepare(partial)
    const [problem] = await checkPages(partial)
    if (problem !== undefined) throw new Error(`the copy of ${path} is damaged, as the file may be: ${problem}`)
    // A migration may follow, which cannot be taken back: the copy must be on the disk before.
    await made.sync()
    await giveName(partial, to)
  } finally {
    await made.close()
    // With what a connection leaves that only reads a file in WAL mode.
    for (const suffix of ['', '-wal', '-shm']) await rm(partial + suffix, { force: true })
  }
}

/** Takes the name from no other file. */
async function giveName(partial: string, to: string): Promise<void> {
  try {
    await link(partial, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error
      // Without hard links the name is taken first, and a death in between leaves an empty file.
      await (await open(to, 'wx', 0o600)).close()
      await rename(partial, to)
    })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? new UsageError(`there is a file ${to} already`) : error
  }
  // Windows has no such call.
  if (process.platform === 'win32') return
  const folder = await open(dirname(to), 'r')
  await folder.sync().finally(() => folder.close())
}
