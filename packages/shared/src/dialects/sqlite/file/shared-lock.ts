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

/** A process that holds the lock on the file of some number, and the device of that file: `major:minor`, in hex. */
export interface LockHolder {
  readonly pid: number
  readonly device: string
}

/** Who holds it, in the list of all locks: `number: POSIX ADVISORY READ pid device:inode from to`; a waiting one has `->` in it. */
export function sharedLockHolders(locks: string, ino: bigint): LockHolder[] {
  const holders: LockHolder[] = []
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, place = '', from, to] = line.trim().split(/\s+/)
    if (kind !== 'POSIX' || !covers(from, to) || !place.endsWith(`:${ino}`)) continue
    holders.push({ pid: Number(pid), device: place.slice(0, place.lastIndexOf(':')) })
  }
  return holders
}
