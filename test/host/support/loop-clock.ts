import { ManualClock } from '@go-go-scope/persistence-conformance'

const STEP_MS = 5

/**
 * A clock that advances with turns of the event loop. It stands still while the process is blocked, so that on a loaded
 * machine no lease of a store ends before the host could renew it.
 */
export class LoopClock extends ManualClock implements Disposable {
  readonly #interval = setInterval(() => this.advance(STEP_MS), STEP_MS)

  /** Resolves when `ms` have passed on this clock. */
  passed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.setTimer(resolve, ms)
    })
  }

  [Symbol.dispose](): void {
    clearInterval(this.#interval)
  }
}
