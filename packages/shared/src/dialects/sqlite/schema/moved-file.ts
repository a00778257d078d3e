import { fillingError, movedError } from '../../../errors/moved-error.js'
import type { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import type { Step } from '../../../queue/statement.js'
import { PUBLISHED_TABLES } from './published-tables.js'
import { quotedText } from './quoted.js'

/**
 * The table, with one row, of a file that the command `copy` has moved: `id` of the copy, and `store`, the new location of the
 * rows.
 */
export const MOVED_TABLE = 'go_goscope_moved'

/** The table of a file that the command `copy` has not filled completely: its progress, and `store`, the source. */
export const COPIES_TABLE = 'go_goscope_copies'

/** Name prefix of the triggers that refuse writes to such a file. */
export const MOVED_TRIGGER_PREFIX = 'go_goscope_moved_'

const STORE_OF = (table: string): string => `SELECT max(store) AS store FROM ${table}`

/** @param found Names of tables in the file. @throws PersistenceError `MOVED`. */
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

/** Returns the tables by which the command `copy` marks a file. */
export async function marksOf(queue: OperationQueue): Promise<readonly unknown[]> {
  const sql = `SELECT name FROM sqlite_master WHERE name IN ('${MOVED_TABLE}', '${COPIES_TABLE}')`
  return (await queue.query('connect', sql)).map(({ name }) => name)
}

// The only information that every engine passes on from a trigger is its message; the error of a write is parsed from it.
const MESSAGE_START = 'go_goscope: moved to '

/** Returns the error of a write that the triggers of {@link sealingSteps} refused; otherwise `undefined`. */
export function refusedAsMoved(message: string, operation: string): PersistenceError | undefined {
  const at = message.indexOf(MESSAGE_START)
  return at < 0 ? undefined : movedError(operation, message.slice(at + MESSAGE_START.length))
}

/** All tables whose rows processes write. The tables with shared counters are written by triggers of these. */
const SEALED_TABLES: readonly string[] = [
  ...PUBLISHED_TABLES.map(({ name }) => name),
  'go_goscope_locks',
  'go_goscope_claims',
  'go_goscope_claim_records',
  'go_goscope_prefixes',
]

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * Returns steps after which no process can write to the file any longer, including processes that connected before and those of
 * other releases.
 *
 * @param caches Cache tables with names chosen by the app.
 * @param id The id of the copy for which this is done.
 * @param to The new location of the rows, for people.
 */
export function sealingSteps(caches: readonly string[], id: string, to: string): Step[] {
  const message = quotedText(`${MESSAGE_START}${to}`)
  const triggers = [...SEALED_TABLES, ...caches].flatMap((table) =>
    EVENTS.map((event) => ({
      sql: `CREATE TRIGGER "${triggerOf(table, event)}" BEFORE ${event} ON "${table}" FOR EACH ROW BEGIN
  SELECT RAISE(ABORT, ${message});
END`,
    })),
  )
  return [
    { sql: `CREATE TABLE ${MOVED_TABLE} (id TEXT NOT NULL, store TEXT NOT NULL) STRICT` },
    { sql: `INSERT INTO ${MOVED_TABLE} (id, store) VALUES (?1, ?2)`, parameters: [id, to] },
    ...triggers,
  ]
}

/** Returns steps that undo {@link sealingSteps}. */
export function unsealingSteps(caches: readonly string[]): Step[] {
  const triggers = [...SEALED_TABLES, ...caches].flatMap((table) =>
    EVENTS.map((event) => ({ sql: `DROP TRIGGER IF EXISTS "${triggerOf(table, event)}"` })),
  )
  return [...triggers, { sql: `DROP TABLE IF EXISTS ${MOVED_TABLE}` }]
}

function triggerOf(table: string, event: string): string {
  return `${MOVED_TRIGGER_PREFIX}${event.toLowerCase()}_${table}`
}
