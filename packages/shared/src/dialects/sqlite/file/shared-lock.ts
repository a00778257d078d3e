import { type BigIntStats, fstatSync, readdirSync, readFileSync } from 'node:fs'

// The first byte of the range that SQLite's shared lock covers, in every file.
const SHARED_LOCK_FROM = 1_073_741_826

/**
 * SQLite's shared lock on a file, which a connection in WAL mode keeps, as far as this process holds it. Linux only.
 *
 * The list of all locks of the machine tells it as well, but for that the kernel waits until nobody is setting a lock: a look by
 * itself held the event loop for 11 ms, and this one does for 0.3 ms. A descriptor tells at once what was set through it.
 */
export class SharedLock {
  /** Through which it was set, when it was last seen. */
  #descriptor: string | undefined

  /** @throws what the file system throws where there is no /proc. */
  isHeld(file: BigIntStats): boolean {
    if (this.#descriptor !== undefined && isSetThrough(this.#descriptor, file)) return true
    // Any descriptor of the file: SQLite sets one lock for all connections of the process.
    this.#descriptor = readdirSync('/proc/self/fd').find((descriptor) => isSetThrough(descriptor, file))
    return this.#descriptor !== undefined
  }
}

/** Lines of proc_pid_fdinfo(5) are `lock: number: POSIX ADVISORY READ pid device:inode from to`. */
function isSetThrough(descriptor: string, { dev, ino }: BigIntStats): boolean {
  try {
    const found = fstatSync(Number(descriptor), { bigint: true })
    if (found.ino !== ino || found.dev !== dev) return false
    return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8').split('\n').some(isSharedLock)
  } catch {
    // Another thread has closed it meanwhile.
    return false
  }
}

function isSharedLock(line: string): boolean {
  const [name, , kind, , , , , from, to] = line.split(/\s+/)
  return name === 'lock:' && kind === 'POSIX' && covers(from, to)
}

/** One line may tell of more: the system joins the lock of a connection that has the file for itself with the two before it. */
function covers(from: string | undefined, to: string | undefined): boolean {
  return Number(from) <= SHARED_LOCK_FROM && (to === 'EOF' || Number(to) >= SHARED_LOCK_FROM)
}

/**
 * The processes that hold it, in the list of all locks: `number: POSIX ADVISORY READ pid device:inode from to`; a waiting one has
 * `->` in it.
 *
 * @param device As `deviceOf` tells it, because files of two disks may have one number; `undefined` for any.
 */
export function sharedLockHolders(locks: string, ino: bigint, device: string | undefined): number[] {
  const holders: number[] = []
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, place = '', from, to] = line.trim().split(/\s+/)
    const isHere = device === undefined ? place.endsWith(`:${ino}`) : place === `${device}:${ino}`
    if (kind === 'POSIX' && covers(from, to) && isHere) holders.push(Number(pid))
  }
  return holders
}
