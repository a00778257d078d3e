import type { LockManager, LockSession } from '../stores/lock/lock-manager.js'
import { MemoryLockManager } from '../stores/lock/memory-lock-manager.js'
import type { Dialect } from './dialect.js'

/** What decides about locks of the kind `process`. */
export function locksInMemory(session: LockSession, dialect: Dialect): LockManager {
  return dialect.locksInMemory?.(session) ?? new MemoryLockManager(session)
}
