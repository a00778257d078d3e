import type { Diagnostics } from '../errors/diagnostics.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { Work } from './call.js'
import { Fifo } from './fifo.js'

/** Maximum number of calls that may wait on one connection; further calls are refused with `QUEUE_FULL`. */
export const MAX_WAITING = 1_000_000
const FIRST_WARNING = 10_000
// They are accepted nevertheless. An adapter that leaves a handle waits for its own calls: it sends one more behind them. A lock whose
// release is refused would be held until its lease ends. There are no more of these than adapters and locks.
const NEVER_REFUSED = ['disconnect', 'lock.release']

interface Counted {
  readonly name: string
  readonly count?: number
}

/** The bounded queue of waiting calls of one connection. It warns through the diagnostics before the bound is reached. */
export class Backlog<Waiting extends Counted = Work> {
  readonly #diagnostics: Diagnostics
  readonly #items = new Fifo<Waiting>()
  #warnAt = FIRST_WARNING
  calls = 0
  #idle: (() => void)[] = []

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics
  }

  /** Number of items; joined calls are one item. */
  get length(): number {
    return this.#items.length
  }

  /** @throws PersistenceError `QUEUE_FULL`. */
  push(work: Waiting): void {
    const waiting = this.calls
    if (waiting >= MAX_WAITING && !NEVER_REFUSED.includes(work.name)) {
      throw new PersistenceError(
        'QUEUE_FULL',
        work.name,
        `${work.name}: ${waiting} calls wait already; await some before making more`,
      )
    }
    this.#items.push(work)
    this.calls += callsOf(work)
    if (waiting >= this.#warnAt) {
      this.#warnAt *= 2
      this.#diagnostics.emit({ type: 'queue-pressure', waiting, limit: MAX_WAITING })
    }
  }

  peek(offset = 0): Waiting | undefined {
    return this.#items.peek(offset)
  }

  take(count: number): Waiting[] {
    if (this.#items.length === count) this.#warnAt = FIRST_WARNING
    const taken = this.#items.take(count)
    for (const work of taken) this.calls -= callsOf(work)
    return taken
  }

  /** Puts work that must be sent again back at the head. It was accepted before, so the bound is not checked. */
  putBack(works: readonly Waiting[]): void {
    this.#items.putBack(works)
    for (const work of works) this.calls += callsOf(work)
  }

  /** Calls `callback` at the next {@link signalIdle}. */
  onIdle(callback: () => void): void {
    this.#idle.push(callback)
  }

  signalIdle(): void {
    const waiters = this.#idle
    this.#idle = []
    for (const waiter of waiters) waiter()
  }
}

/** Returns the number of calls; joined calls are several. */
export function callsOf({ count = 1 }: Counted): number {
  return count
}
