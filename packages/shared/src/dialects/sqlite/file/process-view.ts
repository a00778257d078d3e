import { readFileSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { deviceOf } from './mounted-device.js'
import { SharedLock, sharedLockHolders } from './shared-lock.js'

/** What the operating system reports about a database file and this process, across all its threads and libraries. Linux only. */
export interface ProcessView {
  /** How many copies of the SQLite library are attached to the file in WAL mode. */
  readonly libraries: number
  /** Whether this process holds SQLite's shared lock, which a connection in WAL mode keeps. */
  readonly locked: boolean
}

/**
 * Each copy of the library maps the shared memory of a file once, for all its connections in all threads. Thus two handles of one
 * engine count once, and two engines count twice.
 *
 * @param lock The lock of earlier checks of the file, which makes this one faster.
 * @returns `undefined` when the operating system does not report it.
 */
export async function processView(file: string, lock: SharedLock = new SharedLock()): Promise<ProcessView | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const [path, found] = await Promise.all([realpath(file), stat(file, { bigint: true })])
    // Synchronous: these files wait for no disk, and return one page per read. Reading each page on the thread pool kept the
    // event loop busy four times as long in total.
    return {
      libraries: mappedAtStart(readFileSync('/proc/self/maps', 'utf8'), `${path}-shm`),
      locked: lock.isHeld(found),
    }
  } catch {
    // No /proc, or no such file. A missing file is detected elsewhere; this check is only additional.
    return undefined
  }
}

/** Returns whether another process has the file open in WAL mode; `undefined` when the operating system does not report it. */
export async function isOpenElsewhere(file: string): Promise<boolean | undefined> {
  return (await holders(file))?.some((pid) => pid !== process.pid)
}

/** Like {@link isOpenElsewhere}, including this process. */
export async function isOpenAnywhere(file: string): Promise<boolean | undefined> {
  const pids = await holders(file)
  return pids && pids.length > 0
}

async function holders(file: string): Promise<number[] | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const [path, { ino }] = await Promise.all([realpath(file), stat(file, { bigint: true })])
    const device = deviceOf(path, readFileSync('/proc/self/mountinfo', 'utf8'))
    return sharedLockHolders(readFileSync('/proc/locks', 'utf8'), ino, device)
  } catch {
    // See above.
    return undefined
  }
}

/** Lines of maps(5) are `from-to permissions offset device inode path`. */
function mappedAtStart(maps: string, path: string): number {
  const name = path.replaceAll('\n', '\\012')
  let count = 0
  for (const line of maps.split('\n')) {
    if (line.endsWith(name) && line.slice(line.indexOf('/')) === name && /^\S+ \S+ 0+ /.test(line)) count++
  }
  return count
}
