import { randomUUID } from 'node:crypto'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { checkPages } from '../engine/check-integrity.js'
import { newLineageSteps } from '../schema/new-lineage.js'
import { newNumbers } from '../schema/new-numbers.js'
import { inTransaction, oneRow, type Sql } from './sql.js'

/**
 * Turns a standby into an independent database in one transaction: code that opens the file later finds a standby or a complete
 * database, and nothing in between. Index entries were checked when the standby was copied or resumed; since then only its
 * follower has written to it.
 *
 * @param sql A connection to the standby.
 * @param now Epoch ms.
 * @throws PersistenceError `CORRUPT`; it is then still a standby.
 */
export async function promote(sql: Sql, now: number): Promise<void> {
  const verdict = await checkPages((text) => sql.query(text), 'standby.takeOver')
  if (verdict !== 'ok') throw damagedStandby('standby.takeOver', verdict)
  await inTransaction(sql, 'DEFERRED', async () => {
    const { triggers } = await oneRow(sql, 'SELECT triggers FROM go_goscope_standby')
    // Before the triggers, which must not react to these changes.
    for (const step of newLineageSteps(randomUUID(), newNumbers(now))) await sql.query(step.sql, step.parameters)
    for (const text of JSON.parse(String(triggers)) as string[]) await sql.query(text)
    await sql.query('DROP TABLE go_goscope_standby')
  })
}

export function damagedStandby(operation: string, verdict: string): PersistenceError {
  return new PersistenceError(
    'CORRUPT',
    operation,
    `${operation}: the standby is damaged (${verdict}); take a backup, another standby, or follow anew into another target`,
  )
}
