import { callSafely, type Reporter } from '../errors/reporter.js'
import { startTimer, type Timer } from '../time/timer.js'

interface AutoSaveOptions<T> {
  /** ms; `undefined`: never. */
  readonly interval: number | undefined
  /** Returns whether `data` differs from the last saved data. */
  isNew(data: T): boolean
  /** Resolves when the data is saved or the failure is reported. */
  save(data: T): Promise<void>
  readonly report: Reporter
}

/** Takes a snapshot of a task's state every `interval` ms and saves it if it has changed. */
export class AutoSaves<T> {
  readonly #options: AutoSaveOptions<T>
  readonly #running = new Set<() => void>()
  #closed = false

  constructor(options: AutoSaveOptions<T>) {
    this.#options = options
  }

  /** Starts the snapshots. Returns a function that stops them. */
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

  /** Stops the snapshots for good. */
  close(): void {
    this.#closed = true
    this.stop()
  }
}
