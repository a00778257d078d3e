import { fillingError, movedError } from '../../../errors/moved-error.js'
import type { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Step } from '../../../queue/statement.js'
import { PUBLISHED_TABLES } from './published-tables.js'

/** The table, one row, of a file that the command `copy` has left: `id` of the copy, and `store`, where the rows are. */
export const MOVED_TABLE = 'go_goscope_moved'

/** The table of a file that the command `copy` has not filled to its end: how far it is, and `store`, what it copies. */
export const COPIES_TABLE = 'go_goscope_copies'

/** Names of triggers that refuse writes to such a file start with it. */
export const MOVED_TRIGGER_PREFIX = 'go_goscope_moved_'

const STORE_OF = (table: string): string => `SELECT max(store) AS store FROM ${table}`

/** @param found Names of tables that the file has. @throws PersistenceError `MOVED`. */
export async function refuseMoved(queue: OperationQueue, found: readonly unknown[]): Promise<void> {
  for (const [table, error] of [
    [MOVED_TABLE, movedError],
    [COPIES_TABLE, fillingError],
  ] as const) {
    if (!found.includes(table)) continue
    const [row] = await queue.query('connect', STORE_OF(table))
    throw error('connect', String(row?.store))
  }
}

/** @throws PersistenceError `MOVED`. */
export async function checkNotMoved(queue: OperationQueue): Promise<void> {
  await refuseMoved(queue, await marksOf(queue))
}

/** The tables by which the command `copy` marks a file. */
export async function marksOf(queue: OperationQueue): Promise<readonly unknown[]> {
  const sql = `SELECT name FROM sqlite_master WHERE name IN ('${MOVED_TABLE}', '${COPIES_TABLE}')`
  return (await queue.query('connect', sql)).map(({ name }) => name)
}

// A trigger has one text for all engines to hand on; the error of a write is read off it.
const TOLD = 'go_goscope: moved to '

/** The error of a write that the triggers of {@link sealingSteps} refused; else `undefined`. */
export function refusedAsMoved(message: string, operation: string): PersistenceError | undefined {
  const at = message.indexOf(TOLD)
  return at < 0 ? undefined : movedError(operation, message.slice(at + TOLD.length))
}

/** Every table of rows that processes write; those with what is counted for all are written by triggers of these. */
const SEALED_TABLES: readonly string[] = [
  ...PUBLISHED_TABLES.map(({ name }) => name),
  'go_goscope_locks',
  'go_goscope_claims',
  'go_goscope_claim_records',
  'go_goscope_prefixes',
]

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * Steps after which nothing writes to the file any more, whoever has it open: also processes that connected before, and those
 * of other releases.
 *
 * @param caches Tables of caches with a name of their own.
 * @param id Of the copy for which this is done.
 * @param to Where the rows are from now on, in words.
 */
export function sealingSteps(caches: readonly string[], id: string, to: string): Step[] {
  const told = `${TOLD}${to}`.replaceAll("'", "''")
  const triggers = [...SEALED_TABLES, ...caches].flatMap((table) =>
    EVENTS.map(
      (event) => `CREATE TRIGGER "${triggerOf(table, event)}" BEFORE ${event} ON "${table}" FOR EACH ROW BEGIN
  SELECT RAISE(ABORT, '${told}');
END`,
    ),
  )
  return [
    ...bare([`CREATE TABLE ${MOVED_TABLE} (id TEXT NOT NULL, store TEXT NOT NULL) STRICT`]),
    { sql: `INSERT INTO ${MOVED_TABLE} (id, store) VALUES (?1, ?2)`, parameters: [id, to] },
    ...bare(triggers),
  ]
}

/** Steps that undo {@link sealingSteps}. */
export function unsealingSteps(caches: readonly string[]): Step[] {
  const triggers = [...SEALED_TABLES, ...caches].flatMap((table) => EVENTS.map((event) => triggerOf(table, event)))
  return bare([
    ...triggers.map((trigger) => `DROP TRIGGER IF EXISTS "${trigger}"`),
    `DROP TABLE IF EXISTS ${MOVED_TABLE}`,
  ])
}

function triggerOf(table: string, event: string): string {
  return `${MOVED_TRIGGER_PREFIX}${event.toLowerCase()}_${table}`
}

function bare(texts: readonly string[]): Step[] {
  return texts.map((sql) => ({ sql, parameters: [] }))
}
