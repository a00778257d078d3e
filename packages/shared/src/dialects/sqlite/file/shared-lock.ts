import { type BigIntStats, fstatSync, readdirSync, readFileSync } from 'node:fs'

// The first byte of the range of SQLite's shared lock, in every file.
const SHARED_LOCK_FROM = 1_073_741_826

/**
 * SQLite's shared lock on a file, which a connection in WAL mode keeps, if this process holds it. Linux only.
 *
 * /proc/locks also lists it, but for that the kernel waits until no process is setting a lock: such a check blocked the event
 * loop for 11 ms, and this one does for 0.3 ms. A descriptor immediately reports the locks that were set through it.
 */
export class SharedLock {
  /** The descriptor through which the lock was set at the last check. */
  #descriptor: string | undefined

  /** @throws the error of the file system when there is no /proc. */
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

/** One line may cover more: the kernel merges the lock of an exclusive connection with the two locks before it. */
function covers(from: string | undefined, to: string | undefined): boolean {
  return Number(from) <= SHARED_LOCK_FROM && (to === 'EOF' || Number(to) >= SHARED_LOCK_FROM)
}

/**
 * Returns the processes that hold the lock, from /proc/locks: `number: POSIX ADVISORY READ pid device:inode from to`. The line of
 * a waiting process contains `->`.
 *
 * @param device The result of `deviceOf`, because files on two disks may have the same inode; `undefined` for any.
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
