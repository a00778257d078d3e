import { callSafely, type Reporter } from '../errors/reporter.js'
import { startTimer, type Timer } from '../time/timer.js'

interface AutoSaveOptions<T> {
  /** ms; `undefined`: never. */
  readonly interval: number | undefined
  /** Whether it differs from what was saved last. */
  isNew(data: T): boolean
  /** Resolves when it is saved or has been reported as failed. */
  save(data: T): Promise<void>
  readonly report: Reporter
}

/** Takes a snapshot of a task's state every `interval` ms, and saves it when it has changed. */
export class AutoSaves<T> {
  readonly #options: AutoSaveOptions<T>
  readonly #running = new Set<() => void>()
  #closed = false

  constructor(options: AutoSaveOptions<T>) {
    this.#options = options
  }

  /** @returns stops it. */
  begin(snapshot: () => T | PromiseLike<T>): () => void {
    const { interval, isNew, save, report } = this.#options
    if (this.#closed || interval === undefined) return () => {}
    let timer: Timer | undefined
    let stopped = false
    const look = async (): Promise<void> => {
      const data = await snapshot()
      if (!stopped && isNew(data)) await save(data)
    }
    const arm = (): void => {
      if (stopped) return
      timer = startTimer(interval, () => void Promise.resolve(callSafely(report, 'checkpoint.auto', look)).then(arm))
    }
    const stop = (): void => {
      stopped = true
      timer?.cancel()
      this.#running.delete(stop)
    }
    this.#running.add(stop)
    arm()
    return stop
  }

  stop(): void {
    for (const stop of [...this.#running]) stop()
  }

  /** Stops, and begins no more saves. */
  close(): void {
    this.#closed = true
    this.stop()
  }
}
