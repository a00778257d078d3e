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
 * One SQL dialect: every text, name and code that differs between databases. It holds no decisions; the rooms of the core
 * declare what they need of it, and this joins them.
 */
export interface Dialect extends ConnectionDialect, SessionDialect {
  /** Of the schema that this release writes; absent where adapters are not served to other threads and processes. */
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
  /** Brings the schema of the database up to date, or checks it. */
  readonly setUp: SetUp
  /** For `adapter.fenced`. */
  readonly fencedStep: FencedStep
  /** One row with the columns `circuits`, `checkpoints` and `idempotency`: how many rows there are of each. */
  readonly counts: Statement<'one'>

  /**
   * The statements on a cache table, and what makes the table.
   *
   * @param table The app's name for it; `undefined` for the table of the full adapter.
   * @throws PersistenceError `INVALID_OPTION` for a name that cannot be used.
   */
  cache(table: string | undefined): { readonly sql: CacheSql; readonly setUp: SetUp }

  /** Makes the manager of locks of the kind `process`. Absent: {@link MemoryLockManager}. */
  locksInMemory?(session: LockSession): LockManager

  /** The members of `adapter.stats()` beside the counts. @param counts The row of {@link counts}. */
  stats(connection: Connection, counts: Row): Promise<object>
}

/** The manager of locks of the kind `process`. */
export function locksInMemory(session: LockSession, dialect: Dialect): LockManager {
  return dialect.locksInMemory?.(session) ?? new MemoryLockManager(session)
}
