import { classify } from '../errors/classify.js'
import type { Session } from './session.js'

/** Prunes now and then while the adapter is connected; never keeps the process alive. */
export class PruneTimer {
  readonly #session: Session
  readonly #interval: number | undefined
  readonly #prune: () => Promise<unknown>
  #cancel: (() => void) | undefined

  /** @param interval ms; `undefined` for no timer. */
  constructor(session: Session, interval: number | undefined, prune: () => Promise<unknown>) {
    this.#session = session
    this.#interval = interval
    this.#prune = prune
  }

  start(): void {
    if (this.#interval === undefined || this.#cancel !== undefined) return
    this.#cancel = this.#session.clock.setTimer(() => void this.#run(), this.#interval)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  async #run(): Promise<void> {
    try {
      await this.#prune()
    } catch (error) {
      if (this.#session.ready) {
        this.#session.diagnostics.emit({
          type: 'background-error',
          operation: 'prune',
          error: classify(error, 'prune'),
        })
      }
    }
    if (!this.#session.ready) return
    this.#cancel = undefined
    this.start()
  }
}
