import type { ProofProcess } from './proof-process.js'

/** A process for many orders that can be killed; the next order then starts another one. */
export class Replaceable {
  readonly #start: () => ProofProcess
  #process: ProofProcess | undefined

  constructor(start: () => ProofProcess) {
    this.#start = start
  }

  async ask<T>(order: string): Promise<T> {
    if (this.#process === undefined) {
      this.#process = this.#start()
      await this.#process.ready()
    }
    return this.#process.ask<T>(order)
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
    this.#process = undefined
  }
}
