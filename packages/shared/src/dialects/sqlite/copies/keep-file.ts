import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { chmod, copyFile, link, open, rm, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { flush, type LinkFile } from './publish.js'

/**
 * Gives a file a second name, so that it stays when another file gets its first name.
 *
 * @param now Epoch ms.
 * @param linkFile For tests.
 * @returns the second name, which no file had before.
 * @throws PersistenceError `IO_ERROR`; then there is no second name.
 */
export async function keepFile(file: string, now: number, linkFile: LinkFile = link): Promise<string> {
  const time = new Date(now).toISOString().replaceAll(/[-:]/g, '')
  for (let number = 1; ; number++) {
    const kept = `${file}.before-${time}${number === 1 ? '' : `-${number}`}`
    if (await linkTo(file, kept, linkFile)) return kept
  }
}

/** @returns `false` if something has that name. */
async function linkTo(file: string, kept: string, linkFile: LinkFile): Promise<boolean> {
  try {
    await linkFile(file, kept)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    return await copyTo(file, kept)
  }
}

/** Copies the file if the file system has no hard links. The copy is flushed before the file loses its name. */
async function copyTo(file: string, kept: string): Promise<boolean> {
  try {
    await (await open(kept, 'wx', 0o600)).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cannotKeep(file, error)
  }
  try {
    await copyPastLocks(file, kept)
    await chmod(kept, (await stat(file)).mode)
    await flush(kept)
    return true
  } catch (error) {
    await rm(kept, { force: true })
    throw cannotKeep(file, error)
  }
}

/** Copies in another process, because closing the file here would release the locks that keep other processes away from it. */
async function copyPastLocks(from: string, to: string): Promise<void> {
  // Windows has no POSIX locks, so closing a descriptor releases none.
  if (process.platform === 'win32') await copyFile(from, to, constants.COPYFILE_FICLONE)
  else await promisify(execFile)('/bin/sh', ['-c', 'cat "$1" > "$2"', 'sh', from, to])
}

function cannotKeep(file: string, cause: unknown): PersistenceError {
  return new PersistenceError(
    'IO_ERROR',
    'restore',
    `restore ${file}: the old file cannot be kept under a second name (${(cause as Error).message}), so it was left; move it away and restore again`,
    cause,
  )
}
