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
