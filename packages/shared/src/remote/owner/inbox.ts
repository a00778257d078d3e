import type { ServedUser } from '../../connection/served-users.js'
import { Fifo } from '../../queue/fifo.js'
import type { Clock } from '../../time/clock.js'
import { type Command, countOf } from './commands.js'
import { ServedCalls } from './served-call.js'

/** The commands of one client that have arrived and were not run, in order. While a client keeps sending, it may never be empty. */
export class Inbox {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #commands = new Fifo<Command>()
  /** The command whose wait is measured, and the monotonic ms of its arrival. */
  #measured: Command | undefined
  #receivedAt = 0
  /** The number of requests and notifications: calls that were sent together are several. */
  length = 0
  /** See {@link ServedUser.lag}. */
  lag: ServedUser['lag'] = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  push(command: Command): void {
    this.#commands.push(command)
    this.length += countOf(command)
  }

  /** Measures how long the last command waits, unless a wait is being measured. Call it after each message. */
  measure(): void {
    if (this.length === 0 || this.#measured !== undefined) return
    this.#measured = this.#commands.peek(this.#commands.length - 1)
    this.#receivedAt = this.#clock.monotonic()
  }

  /** Takes the next command; of calls that were sent together, at most `most`. */
  take(most: number): Command {
    const [command] = this.#commands.take(1) as [Command]
    if (command instanceof ServedCalls && command.count > most) {
      const [first, rest] = command.cutAt(most)
      this.#commands.putBack([rest])
      if (this.#measured === command) this.#measured = rest
      this.length -= most
      return first
    }
    this.length -= countOf(command)
    if (this.#measured === command) {
      this.#measured = undefined
      this.lag = this.#clock.monotonic() - this.#receivedAt
    }
    return command
  }

  /** Removes all commands. @returns them. */
  clear(): Command[] {
    this.length = 0
    this.#measured = undefined
    return this.#commands.take(this.#commands.length)
  }
}
