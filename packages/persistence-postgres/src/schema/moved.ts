import { fillingError, movedError, type OperationQueue, type Step } from '@go-go-scope/persistence-core/dialect'
import { MOVED_STATE } from '../sql/error-codes.js'
import { quoted, quotedText } from '../sql/quoted.js'
import { SEQUENCES, TABLES } from './migrations.js'

/** The tables by which the command `copy` marks a schema: `moved` for a moved source, `copies` for an incomplete target. */
export const MARKS = ['moved', 'copies'] as const

/** The names of tables and sequences of ours that a schema has at any time. */
export const OUR_NAMES: readonly string[] = [...TABLES, 'meta', ...MARKS, ...SEQUENCES]

/**
 * Returns SQL that lets every role read where a store moved. The app's role has rights only on tables that were there when its
 * rights were granted.
 *
 * @param mark One of {@link MARKS}, with its schema, quoted.
 */
export function readableByAll(mark: string): string {
  return `GRANT SELECT (store) ON ${mark} TO PUBLIC`
}

/** @param marks The {@link MARKS} that are there. @throws PersistenceError `MOVED` if there is one. */
export async function refuseMoved(queue: OperationQueue, schema: string, marks: readonly string[]): Promise<void> {
  const [mark] = marks
  if (mark === undefined) return
  const [row] = await queue.query('connect', `SELECT max(store) AS store FROM ${quoted(schema)}.${mark}`)
  throw (mark === 'moved' ? movedError : fillingError)('connect', String(row?.store))
}

/**
 * Returns steps that block every later write to the tables, also by processes that are already connected.
 *
 * @param free A step that fails while locks or claims are held. It runs once writes are blocked.
 * @param caches Cache tables with names chosen by apps.
 * @param to The new location of the rows, for people.
 */
export function sealingSteps(schema: string, free: Step, caches: readonly string[], id: string, to: string): Step[] {
  const prefix = quoted(schema)
  const tables = tablesOf(schema, caches)
  const refuse = `BEGIN RAISE EXCEPTION USING ERRCODE = '${MOVED_STATE}', MESSAGE = ${quotedText(to)}; END`
  return [
    bare(`LOCK TABLE ${tables.join(', ')} IN SHARE ROW EXCLUSIVE MODE`),
    free,
    bare(`CREATE TABLE ${prefix}.moved (id text NOT NULL, store text NOT NULL)`),
    { sql: `INSERT INTO ${prefix}.moved (id, store) VALUES ($1::text, $2::text)`, parameters: [id, to] },
    bare(readableByAll(`${prefix}.moved`)),
    bare(`CREATE OR REPLACE FUNCTION ${prefix}.refuse_moved() RETURNS trigger LANGUAGE plpgsql
AS ${quotedText(refuse)}`),
    ...tables.flatMap((table) => [
      bare(`CREATE TRIGGER go_goscope_moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table}
FOR EACH STATEMENT EXECUTE FUNCTION ${prefix}.refuse_moved()`),
      // Otherwise a role with `session_replication_role = replica` would write on.
      bare(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER go_goscope_moved`),
    ]),
  ]
}

/** Returns steps that undo {@link sealingSteps}. */
export function unsealingSteps(schema: string, caches: readonly string[]): Step[] {
  const prefix = quoted(schema)
  return [
    ...tablesOf(schema, caches).map((table) => bare(`DROP TRIGGER IF EXISTS go_goscope_moved ON ${table}`)),
    bare(`DROP FUNCTION IF EXISTS ${prefix}.refuse_moved()`),
    bare(`DROP TABLE IF EXISTS ${prefix}.moved`),
  ]
}

function tablesOf(schema: string, caches: readonly string[]): string[] {
  return [...TABLES, ...caches].map((table) => `${quoted(schema)}.${quoted(table)}`)
}

function bare(sql: string): Step {
  return { sql }
}
