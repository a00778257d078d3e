// The content of a schema, as a replacement for SQLite's texts of its objects.
const SCHEMA =
  'FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position'

/**
 * Translates the suites' own statements, which are written for SQLite. Mostly names of tables and parameters differ.
 *
 * @param {string} sql
 */
export function translated(sql) {
  let count = 0
  return sql
    .replaceAll(/\bgo_goscope_idempotency\b/g, 'results')
    .replaceAll(/\bgo_goscope_(?=[a-z])/g, '')
    .replace(/^PRAGMA busy_timeout = \d+$/, 'SELECT 1')
    .replace('INTEGER PRIMARY KEY AUTOINCREMENT', 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY')
    .replaceAll(' INTEGER NOT NULL', ' bigint NOT NULL')
    .replace(/\bFROM sqlite_master\b.*/, SCHEMA)
    .replace('SELECT type, name, sql FROM', 'SELECT table_name, column_name, data_type FROM')
    .replaceAll(/\?(\d*)/g, (_, number) => `$${number === '' ? ++count : number}`)
}

/**
 * Translates the statements of a call of `fenced`. Values that cannot be read are left to the adapter.
 *
 * @param {any} statements
 */
export function translatedAll(statements) {
  try {
    return [...statements].map((one) => (typeof one?.sql === 'string' ? { ...one, sql: translated(one.sql) } : one))
  } catch {
    return statements
  }
}
