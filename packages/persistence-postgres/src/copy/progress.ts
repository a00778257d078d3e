import { systemClock } from '@go-go-scope/persistence-core/dialect'
import type { CopySource, StoreTable } from './copy-source.js'

/** The progress of a copy. */
export interface CopyProgress {
  readonly phase: 'copying' | 'comparing'
  readonly table: string
  /** Rows of all tables that were processed in this phase. */
  readonly rows: number
  /** Rows of all tables. */
  readonly of: number
  /** Average since this process began the phase. */
  readonly rowsPerSecond: number
  /** Seconds until the phase ends, at that rate. */
  readonly secondsLeft: number
}

const REPORT_EVERY_MS = 1_000

/** Counts the rows of a copy and reports about once a second. */
export class ProgressReporter {
  readonly #total: number
  readonly #report: (progress: CopyProgress) => void
  #phase: CopyProgress['phase'] | undefined
  #rows = 0
  #begun = 0
  /** Rows that an earlier run has copied. */
  #skipped = 0
  #reportedAt = 0

  static async over(
    source: CopySource,
    tables: readonly StoreTable[],
    report: ((progress: CopyProgress) => void) | undefined,
  ): Promise<ProgressReporter> {
    let total = 0
    for (const table of tables) total += await source.count(table)
    return new ProgressReporter(total, report ?? (() => undefined))
  }

  private constructor(total: number, report: (progress: CopyProgress) => void) {
    this.#total = total
    this.#report = report
  }

  skip(phase: CopyProgress['phase'], rows: number): void {
    this.#enter(phase)
    this.#rows += rows
    this.#skipped += rows
  }

  did(phase: CopyProgress['phase'], table: string, rows: number): void {
    this.#enter(phase)
    this.#rows += rows
    const now = systemClock.monotonic()
    if (now - this.#reportedAt < REPORT_EVERY_MS && this.#rows < this.#total) return
    this.#reportedAt = now
    const rowsPerSecond = ((this.#rows - this.#skipped) * 1000) / Math.max(1, now - this.#begun)
    const left = Math.max(0, this.#total - this.#rows)
    this.#report({ phase, table, rows: this.#rows, of: this.#total, rowsPerSecond, secondsLeft: left / rowsPerSecond })
  }

  #enter(phase: CopyProgress['phase']): void {
    if (this.#phase === phase) return
    this.#phase = phase
    this.#rows = 0
    this.#skipped = 0
    this.#begun = systemClock.monotonic()
    this.#reportedAt = this.#begun
  }
}
