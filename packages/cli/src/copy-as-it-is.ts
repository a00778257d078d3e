import { open, unlink } from 'node:fs/promises'
import { checkPages, openHandle } from './check-pages.js'
import { UsageError } from './exit-codes.js'

/**
 * Copies a file of one moment as it is, of whatever release its tables are, and reads the pages of the copy.
 *
 * @throws UsageError where there is a file of that name.
 */
export async function copyAsItIs(path: string, to: string): Promise<void> {
  // For its owner alone; SQLite fills an empty file.
  const made = await open(to, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new UsageError(`there is a file ${to} already`) : error
  })
  try {
    const handle = await openHandle(path)
    try {
      handle.exec(`VACUUM INTO '${to.replaceAll("'", "''")}'`)
    } finally {
      handle.close()
    }
    // A migration follows, which cannot be taken back: the copy must be on the disk before.
    await made.sync()
    const [problem] = await checkPages(to)
    if (problem !== undefined) throw new Error(`the copy ${to} is damaged, as ${path} may be: ${problem}`)
  } catch (error) {
    await unlink(to).catch(() => undefined) // The caller needs the error of copying.
    throw error
  } finally {
    await made.close()
  }
}
