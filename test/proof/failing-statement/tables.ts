import type { Row, SqlDriver, SqlValue } from '@go-go-scope/persistence-core'

// Counters that only ever grow, whatever became of the call that took a number.
const COUNTERS = ['go_goscope_lock_counter', 'go_goscope_claim_clock']
// The last two are seconds by the clock of the engine, which goes on between two calls.
const MADE_UP = ['owner', 'token', 'generation', 'probes', 'created_at', 'updated_at']

/** The tables of the family as one driver sees them, past the core. */
export class Tables {
  readonly #driver: SqlDriver
  #content = new Map<string, Row[]>()

  constructor(driver: SqlDriver) {
    this.#driver = driver
  }

  /** Keeps what is there now, for {@link restore}. */
  async keep(): Promise<void> {
    this.#content = new Map()
    const names = await this.query(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'go!_%' ESCAPE '!'",
    )
    for (const { name } of names) {
      if (!COUNTERS.includes(String(name))) this.#content.set(String(name), await this.query(`SELECT * FROM ${name}`))
    }
  }

  async restore(): Promise<void> {
    await this.query('BEGIN IMMEDIATE')
    for (const [name, rows] of this.#content) {
      await this.query(`DELETE FROM ${name}`)
      for (const row of rows) {
        const values = Object.values(row)
        await this.query(`INSERT INTO ${name} VALUES (${values.map(() => '?').join(', ')})`, values)
      }
    }
    await this.query('COMMIT')
  }

  /** What is there, as text, without the numbers that differ from one call to the next. */
  async dump(): Promise<string> {
    const tables = []
    for (const name of this.#content.keys()) {
      const rows = (await this.query(`SELECT * FROM ${name}`)).map((row) => {
        const entries = Object.entries(row).map(([column, value]) => [column, MADE_UP.includes(column) ? '#' : value])
        return JSON.stringify(entries)
      })
      tables.push([name, rows.toSorted()])
    }
    return JSON.stringify(tables, null, 1)
  }

  /** @throws when a transaction was left open. */
  async checkNoTransaction(): Promise<void> {
    await this.query('BEGIN IMMEDIATE')
    await this.query('ROLLBACK')
  }

  async query(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#driver.query(sql, parameters)
  }
}
