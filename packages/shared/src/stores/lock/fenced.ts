import { readArgument } from '../../arguments/read-argument.js'
import { type FencedStatement, fencedStep } from '../../dialects/sqlite/fenced-statement.js'
import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Session } from '../../session/session.js'
import { DatabaseLockStore, leaseIsOver } from './database-lock-store.js'
import { type SqlLockHandle, StoredLockHandle } from './lock-handle.js'

/** See `SqlAdapter.fenced`. */
export async function runFenced(
  session: Session,
  handle: SqlLockHandle,
  statements: readonly FencedStatement[],
): Promise<Row[][]> {
  const grant = StoredLockHandle.grantOf(handle)
  if (grant === undefined) throw invalid('the first argument must be a lock handle of this adapter')
  const { store, key, hold, released } = grant
  if (!(store instanceof DatabaseLockStore)) {
    throw invalid('a lock of this process alone cannot guard the database; make the adapter with locks: "database"')
  }
  if (!Array.isArray(statements)) throw invalid('the second argument must be an array of statements')
  const steps = readArgument(() => [...statements], 'fenced', 'statements').map(fencedStep)
  if (!session.ready) await session.connect('fenced')
  if (!store.guards(session)) throw invalid('the lock was granted in another database')
  // Another handle of the same owner may hold the lock still; this one does not.
  if (released) throw leaseIsOver(key)
  try {
    const [, ...rows] = await session.queue.atomic('fenced', [store.fence(key, hold), ...steps])
    return rows
  } catch (error) {
    if (error instanceof PersistenceError && error.code === 'LOCK_LOST') store.lose(key, hold)
    throw error
  }
}

function invalid(problem: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', 'fenced', `fenced: ${problem}`)
}
