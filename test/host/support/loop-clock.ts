import { ManualClock } from '@go-go-scope/persistence-conformance'

const STEP_MS = 5

/**
 * A clock that moves by turns of the event loop. It stands still while the process is held up, so that on a busy machine
 * no lease of a store ends before the host had a turn to renew it.
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
