import { randomUUID } from 'node:crypto'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { checkPages } from '../engine/check-integrity.js'
import { newLineageSteps } from '../schema/new-lineage.js'
import { newNumbers } from '../schema/new-numbers.js'
import { inTransaction, oneRow, type Sql } from './sql.js'

/**
 * Makes a database of its own of a standby, in one transaction: what runs on the file afterwards finds a standby or a
 * complete database, and nothing in between. Index entries were checked when the standby was copied, or taken up again;
 * since then nobody but its follower has written to it.
 *
 * @param sql A connection to the standby.
 * @param now Epoch ms.
 * @throws PersistenceError `CORRUPT`; it is a standby still.
 */
export async function promote(sql: Sql, now: number): Promise<void> {
  const verdict = await checkPages((text) => sql.query(text))
  if (verdict !== 'ok') throw damagedStandby('standby.takeOver', verdict)
  await inTransaction(sql, 'DEFERRED', async () => {
    const { triggers } = await oneRow(sql, 'SELECT triggers FROM go_goscope_standby')
    // Before the triggers: nothing of this is a change that they are there for.
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
