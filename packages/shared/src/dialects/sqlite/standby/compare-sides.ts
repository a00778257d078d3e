import { checksum } from './checksum.js'
import type { FollowedTables } from './followed-tables.js'
import type { Position } from './position.js'
import { applyChanges, type Outcome } from './round.js'
import { inTransaction, type Sql } from './sql.js'
import type { Verification } from './standby-state.js'

/** Runs a round and, if the standby is then up to date, compares every cell of both sides, all in one transaction. */
export function compareSides(
  sql: Sql,
  position: Position,
  tables: FollowedTables,
): Promise<{ outcome: Outcome; verification?: Verification }> {
  return inTransaction(sql, 'DEFERRED', async () => {
    const outcome = await applyChanges(sql, position, tables)
    if (outcome.kind !== 'current') return { outcome }
    const { sha256, rows } = await checksum(sql, 'main', tables)
    const { sha256: sourceSha256 } = await checksum(sql, 'source', tables)
    const equal = sha256 === sourceSha256
    return { outcome, verification: { equal, position: outcome.position.seq, rows, sha256, sourceSha256 } }
  })
}
