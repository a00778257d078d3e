import type { Clock } from '../time/clock.js'
import type { Command } from './commands.js'

/** What a user has said and is to be done, in its order. */
export class Inbox {
  readonly #clock: Pick<Clock, 'monotonic'>
  #commands: Command[] = []
  #next = 0
  #receivedAt = 0
  /** ms from the coming of the last message until all of it was taken. */
  lag = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  get length(): number {
    return this.#commands.length - this.#next
  }

  push(command: Command): void {
    if (this.length === 0) this.#receivedAt = this.#clock.monotonic()
    this.#commands.push(command)
  }

  take(): Command {
    const command = this.#commands[this.#next++] as Command
    if (this.length === 0) this.clear()
    return command
  }

  /** @returns what was left. */
  clear(): Command[] {
    const left = this.#commands.slice(this.#next)
    this.#commands = []
    this.#next = 0
    this.lag = this.#clock.monotonic() - this.#receivedAt
    return left
  }
}
