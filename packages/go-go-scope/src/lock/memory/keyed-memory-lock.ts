import { MemoryLock } from './memory-lock.js'

/** Locks in memory by mode and key: those that are held or waited for. */
const inUse = new Map<string, MemoryLock>()

/** The lock in memory that this process has for `name`; to be used at once, since an unused one is not kept. */
export function keyedMemoryLock(name: string): MemoryLock {
  const known = inUse.get(name)
  if (known !== undefined) return known
  const lock: MemoryLock = new MemoryLock(() => {
    if (lock.isIdle) inUse.delete(name)
    else inUse.set(name, lock)
  })
  return lock
}
