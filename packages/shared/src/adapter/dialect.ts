import type { Connection } from '../connection/connection.js'
import type { ConnectionDialect } from '../connection/place.js'
import type { Row } from '../driver/driver.js'
import type { InspectSql } from '../inspect/inspect-sql.js'
import type { InvariantSql } from '../inspect/invariants-sql.js'
import type { Statement } from '../queue/statement.js'
import type { SessionDialect, SetUp } from '../session/session-options.js'
import type { CacheSql } from '../stores/cache/cache-sql.js'
import type { CheckpointSql } from '../stores/checkpoint/checkpoint-sql.js'
import type { CircuitSql, ProbeSql } from '../stores/circuit-breaker/circuit-sql.js'
import type { ClaimSql, ResultSql } from '../stores/idempotency/idempotency-sql.js'
import type { FencedStep } from '../stores/lock/fenced-statement.js'
import type { LockManager, LockSession } from '../stores/lock/lock-manager.js'
import type { LockSql } from '../stores/lock/lock-sql.js'
import { MemoryLockManager } from '../stores/lock/memory-lock-manager.js'

/**
 * One SQL dialect: all SQL, names and codes that differ between databases, and no decisions. Each folder of the core declares the
 * part that it needs; this interface joins the parts.
 */
export interface Dialect extends ConnectionDialect, SessionDialect {
  /** The schema version that this release writes. Absent when adapters cannot be served to other threads and processes. */
  readonly schemaVersion?: number
  readonly locks: LockSql
  readonly circuits: CircuitSql
  readonly probes: ProbeSql
  readonly results: ResultSql
  readonly claims: ClaimSql
  readonly checkpoints: CheckpointSql
  readonly inspect: InspectSql
  /** For `adapter.verify`. */
  readonly invariants: InvariantSql
  /** Updates the schema of the database, or checks it. */
  readonly setUp: SetUp
  /** For `adapter.fenced`. */
  readonly fencedStep: FencedStep
  /** Returns one row with the columns `circuits`, `checkpoints` and `idempotency`: the number of rows of each. */
  readonly counts: Statement<'one'>

  /**
   * Returns the statements on a cache table, and the setup that creates the table.
   *
   * @param table The app's name for the table; `undefined` for the table of the full adapter.
   * @throws PersistenceError `INVALID_OPTION` for an unusable name.
   */
  cache(table: string | undefined): { readonly sql: CacheSql; readonly setUp: SetUp }

  /** Creates the manager of locks of the kind `process`. Default: {@link MemoryLockManager}. */
  locksInMemory?(session: LockSession): LockManager

  /** Returns the members of `adapter.stats()` besides the counts. @param counts The row of {@link counts}. */
  stats(connection: Connection, counts: Row): Promise<object>
}

/** Creates the manager of locks of the kind `process`. */
export function locksInMemory(session: LockSession, dialect: Dialect): LockManager {
  return dialect.locksInMemory?.(session) ?? new MemoryLockManager(session)
}
