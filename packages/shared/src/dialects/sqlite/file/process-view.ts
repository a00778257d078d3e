import { readFileSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { deviceOf } from './mounted-device.js'
import { SharedLock, sharedLockHolders } from './shared-lock.js'

/** What the system reports about a database file and this process, over all threads and libraries in it. Linux only. */
export interface ProcessView {
  /** How many copies of the SQLite library are attached to the file in WAL mode. */
  readonly libraries: number
  /** Whether this process holds SQLite's shared lock, which a connection in WAL mode keeps. */
  readonly locked: boolean
}

/**
 * Each copy of the library maps the shared memory of a file once, for all its connections in all threads, so that two
 * handles of one engine count once and two engines count twice.
 *
 * @param lock That of earlier looks at the file, which are quicker then.
 * @returns `undefined` where the system does not report it.
 */
export async function processView(file: string, lock: SharedLock = new SharedLock()): Promise<ProcessView | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const [path, found] = await Promise.all([realpath(file), stat(file, { bigint: true })])
    // Within the call: these files wait for no disk, and give a page at a time. Each page by the pool's threads kept the event
    // loop at work four times as long in all.
    return {
      libraries: mappedAtStart(readFileSync('/proc/self/maps', 'utf8'), `${path}-shm`),
      locked: lock.isHeld(found),
    }
  } catch {
    // No /proc, or no such file. A missing file is found elsewhere; this only adds to what is known without it.
    return undefined
  }
}

/** Whether another process has the file open in WAL mode; `undefined` where the system does not report it. */
export async function isOpenElsewhere(file: string): Promise<boolean | undefined> {
  return (await holders(file))?.some((pid) => pid !== process.pid)
}

/** {@link isOpenElsewhere}, or this process has. */
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
    // As above.
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
