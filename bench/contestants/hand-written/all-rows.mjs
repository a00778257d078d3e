/**
 * Prepares an SQL text once and runs it to its end.
 *
 * @returns {(sql: string) => (...parameters: unknown[]) => any} its rows, or a promise of them
 */
export const allRows = (database, { synchronous }) => {
  return (sql) => {
    const statement = database.prepare(sql)
    if (synchronous) return (...parameters) => statement.all(...parameters)
    return (...parameters) =>
      new Promise((resolve, reject) => {
        statement.all(parameters, (error, rows) => (error ? reject(error) : resolve(rows)))
      })
  }
}
