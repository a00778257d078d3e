import type { Clock } from '../../time/clock.js'

import { type Command, countOf } from './commands.js'
import { ServedCalls } from './served-call.js'

/** What a user has said and is to be done, in its order. */
export class Inbox {
  readonly #clock: Pick<Clock, 'monotonic'>
  #commands: Command[] = []
  #next = 0
  #receivedAt = 0
  /** How many things there are: calls that were sent together are several. */
  length = 0
  /** ms from the coming of the last message until all of it was taken. */
  lag = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  push(command: Command): void {
    if (this.length === 0) this.#receivedAt = this.#clock.monotonic()
    this.#commands.push(command)
    this.length += countOf(command)
  }

  /** The next one; of calls that were sent together, `most` at the most. */
  take(most: number): Command {
    let command = this.#commands[this.#next] as Command
    if (command instanceof ServedCalls && command.count > most) {
      const [first, rest] = command.cutAt(most)
      this.#commands[this.#next] = rest
      command = first
    } else this.#next++
    this.length -= countOf(command)
    if (this.length === 0) this.clear()
    return command
  }

  /** @returns what was left. */
  clear(): Command[] {
    const left = this.#commands.slice(this.#next)
    this.#commands = []
    this.#next = 0
    this.length = 0
    this.lag = this.#clock.monotonic() - this.#receivedAt
    return left
  }
}
