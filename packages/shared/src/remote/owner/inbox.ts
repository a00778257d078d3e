import type { ServedUser } from '../../connection/served-users.js'
import type { Clock } from '../../time/clock.js'
import { type Command, countOf } from './commands.js'
import { ServedCalls } from './served-call.js'

/** The commands of one client that have arrived and were not run, in order. */
export class Inbox {
  readonly #clock: Pick<Clock, 'monotonic'>
  #commands: Command[] = []
  #next = 0
  /** Monotonic ms at which a command arrived while none was waiting. */
  #receivedAt = 0
  /** The number of requests and notifications: calls that were sent together are several. */
  length = 0
  /** See {@link ServedUser.lag}. */
  lag: ServedUser['lag'] = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  push(command: Command): void {
    if (this.length === 0) this.#receivedAt = this.#clock.monotonic()
    this.#commands.push(command)
    this.length += countOf(command)
  }

  /** Takes the next command; of calls that were sent together, at most `most`. */
  take(most: number): Command {
    let command = this.#commands[this.#next] as Command
    if (command instanceof ServedCalls && command.count > most) {
      const [first, rest] = command.cutAt(most)
      this.#commands[this.#next] = rest
      command = first
    } else this.#next++
    this.length -= countOf(command)
    if (this.length === 0) {
      this.lag = this.#clock.monotonic() - this.#receivedAt
      this.clear()
    }
    return command
  }

  /** Removes all commands. @returns them. */
  clear(): Command[] {
    const left = this.#commands.slice(this.#next)
    this.#commands = []
    this.#next = 0
    this.length = 0
    return left
  }
}
