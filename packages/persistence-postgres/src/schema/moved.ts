import { fillingError, movedError, type OperationQueue, type Step } from '@go-go-scope/persistence-core/dialect'
import { MOVED_STATE } from '../sql/error-codes.js'
import { quoted } from '../sql/quoted.js'
import { TABLES } from './migrations.js'

/** The tables by which the command `copy` marks a schema: one that it has left, and one that it has not filled to its end. */
export const MARKS = ['moved', 'copies'] as const

/** @param marks Those of {@link MARKS} that are there. @throws PersistenceError `MOVED`. */
export async function refuseMoved(queue: OperationQueue, schema: string, marks: readonly string[]): Promise<void> {
  const [mark] = marks
  if (mark === undefined) return
  const [row] = await queue.query('connect', `SELECT max(store) AS store FROM ${quoted(schema)}.${mark}`)
  throw (mark === 'moved' ? movedError : fillingError)('connect', String(row?.store))
}

/**
 * Steps after which nothing writes to the tables any more, whoever is connected.
 *
 * @param free A step that fails while locks or claims are held. It runs when no transaction can write any more.
 * @param caches Tables of caches with a name of their own.
 * @param to Where the rows are from now on, in words.
 */
export function sealingSteps(schema: string, free: Step, caches: readonly string[], id: string, to: string): Step[] {
  const prefix = quoted(schema)
  const tables = tablesOf(schema, caches)
  const message = to.replaceAll("'", "''").replaceAll('$moved$', '')
  return [
    bare(`LOCK TABLE ${tables.join(', ')} IN SHARE ROW EXCLUSIVE MODE`),
    free,
    bare(`CREATE TABLE ${prefix}.moved (id text NOT NULL, store text NOT NULL)`),
    { sql: `INSERT INTO ${prefix}.moved (id, store) VALUES ($1::text, $2::text)`, parameters: [id, to] },
    bare(`CREATE OR REPLACE FUNCTION ${prefix}.refuse_moved() RETURNS trigger LANGUAGE plpgsql AS $moved$
BEGIN RAISE EXCEPTION USING ERRCODE = '${MOVED_STATE}', MESSAGE = '${message}'; END $moved$`),
    ...tables.map((table) =>
      bare(`CREATE TRIGGER go_goscope_moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table}
FOR EACH STATEMENT EXECUTE FUNCTION ${prefix}.refuse_moved()`),
    ),
  ]
}

/** Steps that undo {@link sealingSteps}. */
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
  return { sql, parameters: [] }
}
