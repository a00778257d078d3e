import sqlite3 from 'sqlite3'

/** Changes a database without the example, while no process has it open. */
export function tamper(file: string, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file)
    database.exec(sql, (failure) => {
      database.close((error) => ((failure ?? error) ? reject(failure ?? error) : resolve()))
    })
  })
}
