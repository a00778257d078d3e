import { statSync } from 'node:fs'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { systemClock } from '../../../time/clock.js'
import type { BackupSteps, CopyProgress } from '../engine/backup-steps.js'
import type { JobContext } from '../thread/run-job.js'
import type { Content } from './content.js'
import type { CopyOrder } from './copy-job.js'

// A step of a throttled copy takes a tenth of a second at most. With longer steps the copy would alternate bursts and pauses.
const STEPS_PER_SECOND = 10

type PaceOrder = Pick<CopyOrder, 'source' | 'rate' | 'maxBytesPerSecond' | 'maxWalBytes'>

/** Controls a copy between its steps: reports progress, stops it, limits its speed, and checks the size of the log. */
export class Pace implements BackupSteps {
  readonly rate: number
  readonly totalPages: number
  readonly pageBytes: number
  readonly paced: boolean
  readonly #order: PaceOrder
  readonly #context: JobContext
  #startedAt = 0

  constructor(order: PaceOrder, content: Content, context: JobContext) {
    this.#order = order
    this.pageBytes = content.pageBytes
    this.totalPages = Math.ceil(content.bytes / content.pageBytes)
    this.#context = context
    this.paced = order.maxBytesPerSecond !== undefined
    const { rate, maxBytesPerSecond = Number.POSITIVE_INFINITY } = order
    this.rate = Math.max(1, Math.min(rate, Math.floor(maxBytesPerSecond / content.pageBytes / STEPS_PER_SECOND)))
  }

  begin(): void {
    this.#startedAt = systemClock.monotonic()
    this.#tell(this.totalPages)
  }

  end(): void {
    this.#tell(0)
  }

  next({ totalPages, remainingPages }: CopyProgress, unseen = 0): number {
    this.#context.stop.throwIfRequested()
    this.#refuseLongLog()
    this.#tell(remainingPages)
    const { maxBytesPerSecond } = this.#order
    if (maxBytesPerSecond === undefined) return 0
    const copied = (totalPages - remainingPages + unseen) * this.pageBytes
    const due = (copied / maxBytesPerSecond) * 1_000
    return Math.max(0, due - (systemClock.monotonic() - this.#startedAt))
  }

  wait(ms: number): void {
    this.#context.stop.wait(ms)
  }

  #tell(remainingPages: number): void {
    const progress: CopyProgress = { totalPages: this.totalPages, remainingPages }
    this.#context.tell(progress)
  }

  #refuseLongLog(): void {
    const { source, maxWalBytes } = this.#order
    if (maxWalBytes === undefined) return
    // By stat, never by opening: closing a descriptor would release the locks of this process.
    const bytes = statSync(`${source}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (bytes <= maxWalBytes) return
    throw new PersistenceError(
      'LOG_TOO_LARGE',
      'backup',
      `backup: the log of ${source} has grown to ${bytes} bytes while it was copied, maxWalBytes is ${maxWalBytes}; copy at a ` +
        'quieter time, raise maxBytesPerSecond, or allow more',
    )
  }
}
