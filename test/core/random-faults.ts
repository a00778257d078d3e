import type { SyncDriver } from '@go-go-scope/persistence-core'
import type { DatabaseSync } from '@photostructure/sqlite'
import { databaseSyncDriver } from './database-sync-driver.js'

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

  over(database: InstanceType<typeof DatabaseSync>): SyncDriver {
    const driver = databaseSyncDriver(database, (sql) => this.#step(database, sql))
    return {
      ...driver,
      query: (sql, parameters) => {
        this.#prepare()
        return driver.query(sql, parameters)
      },
      prepare: (sql) => {
        this.#prepare()
        return driver.prepare(sql)
      },
    }
  }

  /** Memory runs out for a while: for a statement and what is prepared soon after it. */
  #prepare(): void {
    if (this.#exhausted) this.#exhausted = this.#random() < 0.5
    if (this.rate > 0 && (this.#exhausted || this.#random() < this.rate)) fail('NO_MEMORY')
  }

  #step(database: InstanceType<typeof DatabaseSync>, sql: string): undefined {
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
        database.exec('ROLLBACK')
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
