import type { LockSession, LockStore } from '../stores/lock/lock-store.js'
import { MemoryLockStore } from '../stores/lock/memory-lock-store.js'
import type { Dialect } from './dialect.js'

/** What decides about locks of the kind `process`. */
export function locksInMemory(session: LockSession, dialect: Dialect): LockStore {
  return dialect.locksInMemory?.(session) ?? new MemoryLockStore(session)
}
