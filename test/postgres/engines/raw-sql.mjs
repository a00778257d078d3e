// What a schema holds, where SQLite tells it by the texts that made it.
const SCHEMA =
  'FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position'

/**
 * The suites' own statements are written for SQLite. They name tables and parameters as it does, and little else differs.
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
 * The statements of a call of `fenced`; what cannot be looked at is left to the adapter.
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
