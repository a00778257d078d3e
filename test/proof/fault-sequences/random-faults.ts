import type { Row, SqlValue, SyncDriver, SyncStatement } from '@go-go-scope/persistence-core'

const errors = {
  BUSY: [5, 'database is locked'],
  NO_MEMORY: [7, 'out of memory'],
  INTERRUPT: [9, 'interrupted'],
  IO_ERROR: [778, 'disk I/O error'],
  FULL: [13, 'database or disk is full'],
} as const

/** SQLite rolls a transaction back after these. */
const ROLLING_BACK: readonly string[] = ['IO_ERROR', 'FULL']

/** How SQLite fails, at random. */
export class RandomFaults {
  /** The part of the statements that fail. */
  rate = 0
  readonly #random: () => number
  readonly #interruptible: boolean
  /** Whether memory, once it has run out, is still missing. */
  #exhausted = false

  /** @param interruptible Whether an app can interrupt a ROLLBACK. The transaction is then still open. */
  constructor(random: () => number, interruptible: boolean) {
    this.#random = random
    this.#interruptible = interruptible
  }

  over(driver: SyncDriver): SyncDriver {
    const query = (sql: string, parameters: readonly SqlValue[]): Row[] => {
      this.#prepare()
      this.#step(driver, sql)
      return driver.query(sql, parameters)
    }
    const prepare = (sql: string): SyncStatement => {
      this.#prepare()
      const statement = driver.prepare(sql)
      const faulty =
        <Result>(run: (parameters: readonly SqlValue[]) => Result) =>
        (parameters: readonly SqlValue[]): Result => {
          this.#step(driver, sql)
          return run(parameters)
        }
      return {
        all: faulty((parameters) => statement.all(parameters)),
        get: faulty((parameters) => statement.get(parameters)),
        run: faulty((parameters) => statement.run(parameters)),
        finalize: () => statement.finalize(),
      }
    }
    return { ...driver, query, prepare }
  }

  /** Memory runs out for a while: for a statement and what is prepared soon after it. */
  #prepare(): void {
    if (this.#exhausted) this.#exhausted = this.#random() < 0.5
    if (this.rate > 0 && (this.#exhausted || this.#random() < this.rate)) fail('NO_MEMORY')
  }

  #step(driver: SyncDriver, sql: string): void {
    if (this.#random() >= this.rate) return
    if (sql === 'ROLLBACK') {
      if (this.#interruptible) fail('INTERRUPT')
      return
    }
    const names = Object.keys(errors) as (keyof typeof errors)[]
    const name = names[Math.floor(this.#random() * names.length)] ?? 'BUSY'
    this.#exhausted = name === 'NO_MEMORY'
    if (ROLLING_BACK.includes(name)) {
      try {
        driver.query('ROLLBACK', [])
      } catch {
        // No transaction is open.
      }
    }
    fail(name)
  }
}

function fail(name: keyof typeof errors): never {
  const [errcode, message] = errors[name]
  throw Object.assign(new Error(message), { errcode })
}
