import { execFile } from 'node:child_process'
import { link, lstat, open, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { temporaryPath } from './temporary-name.js'

// Creates exclusively (`set -C`), with a mode like that of open(2): `$1` are the bits that the mode denies, in addition to the
// umask.
const CREATE = 'umask "$(printf %03o $(($(umask) | $1)))" && set -C && : > "$2"'

/** Same as `link` of `node:fs/promises`. */
type LinkFile = (existing: string, name: string) => Promise<void>

/**
 * Creates a missing file before the engine does, so that the file and its sidecars get `mode` and not only the umask.
 *
 * This process never has a descriptor on a name that others may open. Closing such a descriptor would release every POSIX lock of
 * the process on the file, including the lock by which SQLite keeps other processes from deleting a WAL in use. Therefore the
 * file is created and closed under a temporary name, then linked to its own name. If the file system has no hard links, another
 * process creates it; the locks of that process are not ours.
 *
 * @param linkFile For tests, like `shell`.
 * @returns whether this call created the file; `false` when it exists already.
 * @throws PersistenceError `CANNOT_OPEN`, `READ_ONLY`.
 */
export async function createFile(
  path: string,
  mode: number,
  linkFile: LinkFile = link,
  shell = '/bin/sh',
): Promise<boolean> {
  const temporary = temporaryPath(dirname(path))
  try {
    await (await open(temporary, 'wx', mode)).close()
    try {
      return await linkTo(path, temporary, linkFile)
    } catch {
      // Any error of linking. If the folder itself is the problem, the second method reports it.
      return await createWithoutLink(path, mode, shell)
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

async function createWithoutLink(path: string, mode: number, shell: string): Promise<boolean> {
  try {
    // Windows has no POSIX locks: closing a descriptor there releases no locks of others.
    if (process.platform === 'win32') await (await open(path, 'wx', mode)).close()
    else await promisify(execFile)(shell, ['-c', CREATE, 'sh', String(~mode & 0o777), path])
    return true
  } catch (error) {
    if (await isThere(path)) return false
    throw error
  }
}

/** Returns whether something has the name, even a symbolic link that leads nowhere. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    // Missing or not readable: the error that led here tells the caller why.
    return false
  }
}

/** @param temporary Replaced by `path` in the message of the operating system, because the caller does not know it. */
function cannotCreate(path: string, cause: unknown, temporary: string): PersistenceError {
  const { code, syscall, message, stderr } = cause as NodeJS.ErrnoException & { stderr?: string }
  const noShell = syscall?.startsWith('spawn')
  const readOnly = !noShell && (code === 'EROFS' || code === 'EACCES' || code === 'EPERM')
  const advice = noShell
    ? 'its file system has no hard links, and the shell that would create it did not start; create an empty file of that name'
    : adviceOn(path, readOnly)
  // Of a failed command the message is the command itself; one that was not started has written nothing.
  const reason = (stderr?.trim() || message).replace(temporary, path)
  return new PersistenceError(
    readOnly ? 'READ_ONLY' : 'CANNOT_OPEN',
    'open',
    `open ${path}: the file cannot be created; ${advice} (${reason})`,
    cause,
  )
}

function adviceOn(path: string, readOnly: boolean): string {
  // Absolute, because a relative path is mostly wrong by the folder that the process was started in.
  const folder = dirname(resolve(path))
  if (readOnly)
    return `its folder ${folder} cannot be written; choose another, or pass readOnly: true for an existing file`
  if (path.startsWith(`${process.cwd()}/~`))
    return 'a shell makes ~ the home folder, and Node does not: use homedir() of node:os'
  if (/[/\\]$/.test(path)) return 'name a file, not a folder'
  return `check that its folder ${folder} exists`
}
