import { shownClass } from '../../arguments/invalid.js'
import { readArgument } from '../../arguments/read-argument.js'
import type { Row } from '../../driver/driver.js'
import { hasCode } from '../../errors/persistence-error.js'
import type { Session } from '../../session/session.js'
import { DatabaseLockManager, leaseIsOver } from './database-lock-manager.js'
import { checkedStatement, type FencedStatement, type FencedStep, invalidFenced } from './fenced-statement.js'
import { type SqlLockHandle, StoredLockHandle } from './lock-handle.js'

/** See `SqlAdapter.fenced`. */
export async function runFenced(
  session: Session,
  fencedStep: FencedStep,
  handle: SqlLockHandle,
  statements: readonly FencedStatement[],
): Promise<Row[][]> {
  const known = StoredLockHandle.read(handle)
  if (known === undefined) {
    const got = handle === null ? 'null: another caller holds the lock' : shownClass(handle)
    throw invalidFenced(`the first argument must be a lock handle, as acquire of an adapter gives it, got ${got}`)
  }
  const { manager, hold, released } = known
  if (!(manager instanceof DatabaseLockManager)) {
    throw invalidFenced('a lock in memory cannot guard the database; open the adapter with locks: "database"')
  }
  if (!Array.isArray(statements)) {
    throw invalidFenced(`the second argument must be an array of statements, got ${shownClass(statements)}`)
  }
  const steps = readArgument(() => [...statements], 'fenced', 'statements').map((statement, at) => {
    const where = `statements[${at}]`
    return fencedStep(checkedStatement(statement, where), where)
  })
  if (!session.ready) await session.connect('fenced')
  if (!manager.isInDatabaseOf(session))
    throw invalidFenced('the lock was granted in another database; call fenced of an adapter on that one')
  // Another handle of the same owner may still hold the lock, but not this one.
  if (released) throw leaseIsOver(hold)
  try {
    // On a separate connection: the app's statements may take long, and renewals must not wait for them.
    const fence = manager.fence(hold)
    const rows = await session.connection.queueForLongCalls.atomic('fenced', [...fence, ...steps])
    return rows.slice(fence.length)
  } catch (error) {
    if (hasCode(error, 'LOCK_LOST')) manager.lose(hold)
    throw error
  }
}
