import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { link, lstat, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { PersistenceError } from '../../../errors/persistence-error.js'

// Exclusively (`set -C`), with the mode of open(2): `$1` are the bits that the mode denies, beside those of the umask.
const CREATE = 'umask "$(printf %03o $(($(umask) | $1)))" && set -C && : > "$2"'

/** As `link` of `node:fs/promises`. */
type LinkFile = (existing: string, name: string) => Promise<void>

/**
 * Creates a missing file before the engine does, so that it and its sidecars get `mode` and not the umask's alone.
 *
 * At no time has this process a descriptor on a name that others may open: closing it would drop every POSIX lock of the
 * process on the file, among them the one by which SQLite keeps other processes from deleting a log in use. So the file
 * is made and closed under a temporary name and then linked to its own. Where the file system has no hard links, another
 * process makes it, whose locks are not ours.
 *
 * @param linkFile For tests.
 * @returns whether this call made the file; `false` when it is there already.
 * @throws PersistenceError `CANNOT_OPEN`, `READ_ONLY`.
 */
export async function createFile(path: string, mode: number, linkFile: LinkFile = link): Promise<boolean> {
  const temporary = join(dirname(path), `.go-goscope-${randomUUID()}`)
  try {
    await (await open(temporary, 'wx', mode)).close()
    try {
      return await linkTo(path, temporary, linkFile)
    } catch {
      // Any error of linking. If the folder itself is the problem, the other way reports it.
      return await createWithoutLink(path, mode)
    } finally {
      await unlink(temporary)
    }
  } catch (cause) {
    throw cannotCreate(path, cause, temporary)
  }
}

async function linkTo(path: string, temporary: string, linkFile: LinkFile): Promise<boolean> {
  try {
    await linkFile(temporary, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function createWithoutLink(path: string, mode: number): Promise<boolean> {
  try {
    // Windows has no POSIX locks: closing a descriptor there takes nothing from others.
    if (process.platform === 'win32') await (await open(path, 'wx', mode)).close()
    else await promisify(execFile)('/bin/sh', ['-c', CREATE, 'sh', String(~mode & 0o777), path])
    return true
  } catch (error) {
    if (await isThere(path)) return false
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    // Missing, or not readable: the error that made this necessary tells the caller why.
    return false
  }
}

/** @param temporary Stands for `path` in what the system says; the caller knows nothing of it. */
function cannotCreate(path: string, cause: unknown, temporary: string): PersistenceError {
  const code = (cause as NodeJS.ErrnoException).code
  const readOnly = code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
  const advice = readOnly
    ? 'its folder cannot be written; choose another, or pass readOnly: true for an existing file'
    : path.startsWith('~')
      ? 'a shell makes ~ the home folder, and Node does not: use homedir() of node:os'
      : 'check that its folder exists'
  const reason = (cause as Error).message.replace(temporary, path)
  return new PersistenceError(
    readOnly ? 'READ_ONLY' : 'CANNOT_OPEN',
    'open',
    `open ${path}: the file cannot be created; ${advice} (${reason})`,
    cause,
  )
}
