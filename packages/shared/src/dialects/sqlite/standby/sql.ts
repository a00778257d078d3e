import type { Row, SqlValue } from '../../../driver/driver.js'

/** One connection, for one caller at a time. */
export interface Sql {
  query(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>
}

/** Returns the first row of an answer that has at least one. */
export async function oneRow(sql: Sql, text: string, parameters: readonly SqlValue[] = []): Promise<Row> {
  const [row] = await sql.query(text, parameters)
  if (row === undefined) throw new Error(`no row came of ${text}`)
  return row
}

/**
 * Runs `body` in one transaction.
 *
 * @param kind `IMMEDIATE` acquires the write lock of every attached database at once; `DEFERRED` acquires that of a database at
 *   the first write to it.
 */
export async function inTransaction<Result>(
  sql: Sql,
  kind: 'IMMEDIATE' | 'DEFERRED',
  body: () => Promise<Result>,
): Promise<Result> {
  await sql.query(`BEGIN ${kind}`)
  try {
    const result = await body()
    await sql.query('COMMIT')
    return result
  } catch (error) {
    // The engine may have rolled back by itself and then refuses this. In both cases no transaction stays open.
    await sql.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

/** Connections attach the source under this name. Unqualified names belong to the standby. */
export type Schema = 'main' | 'source'
