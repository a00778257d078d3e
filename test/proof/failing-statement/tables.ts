import type { Row, SqlDriver, SqlValue } from '@go-go-scope/persistence-core'

// Counters that only grow, whatever the outcome of the call that took a number.
const COUNTERS = ['go_goscope_lock_counter', 'go_goscope_claim_clock']
// Columns whose values differ between runs. The last two are seconds by the engine's clock.
const MADE_UP = ['owner', 'token', 'generation', 'probes', 'created_at', 'updated_at']

/** The tables of the family as a driver without the core sees them. */
export class Tables {
  readonly #driver: SqlDriver
  #content = new Map<string, Row[]>()
  /** Selects everything in one statement, because a test does so hundreds of times. */
  #selectAll = ''
  #selectComparable = ''
  #kept = ''

  constructor(driver: SqlDriver) {
    this.#driver = driver
  }

  /** Keeps the current content for {@link restore}. */
  async keep(): Promise<void> {
    this.#content = new Map()
    const names = await this.query(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'go!_%' ESCAPE '!'",
    )
    for (const { name } of names) {
      if (!COUNTERS.includes(String(name))) this.#content.set(String(name), await this.query(`SELECT * FROM ${name}`))
    }
    this.#selectAll = await this.#selection([])
    this.#selectComparable = await this.#selection(MADE_UP)
    this.#kept = await this.#text(this.#selectAll)
  }

  async restore(): Promise<void> {
    if ((await this.#text(this.#selectAll)) === this.#kept) return
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

  /** Returns the content as text, without values that differ between calls. */
  dump(): Promise<string> {
    return this.#text(this.#selectComparable)
  }

  /** @throws if a transaction was left open. */
  async checkNoTransaction(): Promise<void> {
    await this.query('BEGIN IMMEDIATE')
    await this.query('ROLLBACK')
  }

  /** Returns a statement that selects each row of each table as one text, without the columns `leftOut`. */
  async #selection(leftOut: readonly string[]): Promise<string> {
    const selects = []
    for (const table of this.#content.keys()) {
      const columns = (await this.query(`SELECT name FROM pragma_table_info('${table}')`)).map(({ name }) =>
        String(name),
      )
      const shown = columns.filter((name) => !leftOut.includes(name)).map((name) => `' ${name}=' || quote(${name})`)
      selects.push(`SELECT '${table}:' || ${shown.join(' || ')} AS line FROM ${table}`)
    }
    return selects.join(' UNION ALL ')
  }

  async #text(selection: string): Promise<string> {
    const rows = await this.query(selection)
    return rows
      .map(({ line }) => String(line))
      .toSorted()
      .join('\n')
  }

  async query(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#driver.query(sql, parameters)
  }
}
