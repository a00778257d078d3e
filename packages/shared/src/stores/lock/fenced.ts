import { invalidArgument } from '../../arguments/invalid.js'
import { readArgument } from '../../arguments/read-argument.js'
import type { Row } from '../../driver/driver.js'
import { hasCode, type PersistenceError } from '../../errors/persistence-error.js'
import type { Step } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { DatabaseLockStore, leaseIsOver } from './database-lock-store.js'
import { type SqlLockHandle, StoredLockHandle } from './lock-handle.js'

/** What may be bound in a {@link FencedStatement}. */
export type FencedParameter = string | number | bigint | boolean | null | Uint8Array

/** One statement of the app, for `adapter.fenced`. */
export interface FencedStatement {
  /** One SQL statement with `?` or `?1` parameters. */
  readonly sql: string
  /**
   * A finite number goes as the engine sends numbers, a BigInt as an integer of 64 bits on every engine, a boolean as 0
   * or 1.
   */
  readonly parameters?: readonly FencedParameter[]
}

/**
 * Checks a statement and makes a step of it, as a dialect does.
 *
 * @param at Its place among the statements, for errors.
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export type FencedStep = (statement: FencedStatement, at: number) => Step

/** See `SqlAdapter.fenced`. */
export async function runFenced(
  session: Session,
  fencedStep: FencedStep,
  handle: SqlLockHandle,
  statements: readonly FencedStatement[],
): Promise<Row[][]> {
  const known = StoredLockHandle.read(handle)
  if (known === undefined) throw invalid('the first argument must be a lock handle, as acquire of an adapter gives it')
  const { store, hold, released } = known
  if (!(store instanceof DatabaseLockStore)) {
    throw invalid('a lock of this process alone cannot guard the database; make the adapter with locks: "database"')
  }
  if (!Array.isArray(statements)) throw invalid('the second argument must be an array of statements')
  const steps = readArgument(() => [...statements], 'fenced', 'statements').map(fencedStep)
  if (!session.ready) await session.connect('fenced')
  if (!store.isInDatabaseOf(session))
    throw invalid('the lock was granted in another database; call fenced of an adapter on that one')
  // Another handle of the same owner may hold the lock still; this one does not.
  if (released) throw leaseIsOver(hold)
  try {
    // Beside the calls: the app's statements may take long, and renewals must not wait for them.
    const [, ...rows] = await session.connection.aside.atomic('fenced', [store.fence(hold), ...steps])
    return rows
  } catch (error) {
    if (hasCode(error, 'LOCK_LOST')) store.lose(hold)
    throw error
  }
}

function invalid(problem: string): PersistenceError {
  return invalidArgument('fenced', problem)
}
