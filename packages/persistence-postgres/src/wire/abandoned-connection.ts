import type { Wire } from './wire.js'

/** A connection that was asked for, and that nobody waits for any more. It goes back when it comes, unless it was taken before. */
export class AbandonedConnection {
  readonly #connecting: Promise<Wire>
  #came = false
  #taken = false

  constructor(connecting: Promise<Wire>) {
    this.#connecting = connecting
    void connecting
      .then(
        async (wire) => {
          this.#came = true
          if (!this.#taken) await wire.close(wire.lost)
        },
        () => {
          this.#came = true
        },
      )
      // It is of no concern to anybody that it cannot be given back.
      .catch(() => undefined)
  }

  /** @returns what to wait for; `undefined` when it has come. */
  take(): Promise<Wire> | undefined {
    if (this.#came) return undefined
    this.#taken = true
    return this.#connecting
  }
}
