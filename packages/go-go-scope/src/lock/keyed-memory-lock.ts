import { MemoryLock } from './memory-lock.js'

interface Shared {
  lock: MemoryLock
  users: number
}

/** Locks in memory by mode and key; one is forgotten when the last Lock object that uses it is disposed. */
const shared = new Map<string, Shared>()

/** The lock in memory that all Lock objects of this process share for `name`. `leave` is called once, at the end. */
export function keyedMemoryLock(name: string): { lock: MemoryLock; leave: () => void } {
  const entry = shared.get(name) ?? { lock: new MemoryLock(), users: 0 }
  shared.set(name, entry)
  entry.users++
  return {
    lock: entry.lock,
    leave: () => {
      if (--entry.users === 0) shared.delete(name)
    },
  }
}
