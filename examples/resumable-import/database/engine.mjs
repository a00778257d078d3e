/**
 * What this example needs of a database; one file beside this one for each front end.
 *
 * @typedef {Record<string, string | number | null>} Row
 *
 * @typedef {object} Engine
 * @property {string} name for people, for example `node:sqlite`
 * @property {readonly string[]} setUp what the connection needs before it is used
 * @property {import('./city-sql.mjs').CitySql} citySql
 * @property {(sql: string, parameters?: (string | number)[]) => Promise<Row[]>} rows runs one statement to its end
 * @property {() => import('@go-go-scope/persistence-sqlite').SQLiteAdapter
 *   | import('@go-go-scope/persistence-sqlite-node').SQLiteAdapter
 *   | import('@go-go-scope/persistence-sqlite-bun').SQLiteAdapter
 *   | import('@go-go-scope/persistence-postgres').PostgresAdapter} adapter the providers over this very connection
 * @property {() => Promise<void>} close for a connection without an adapter; an adapter closes it itself
 *
 * @typedef {(path: string) => Promise<Engine>} OpenEngine
 */

/**
 * Loads one engine and no other: two SQLite libraries on one file in one process drop each other's file locks.
 *
 * @param {'sqlite3' | 'node' | 'bun'} frontEnd
 * @returns {Promise<{ open: OpenEngine, SQLiteAdapter: typeof import('@go-go-scope/persistence-sqlite').SQLiteAdapter }>}
 */
export function loadEngine(frontEnd) {
  return import(`./${frontEnd}-engine.mjs`)
}
