import { WakeUp } from '../../time/wake-up.js'
import type { LockManager } from './lock-manager.js'

// Shared by all connections: callers of one process wait in one queue for a lock in a file, whichever handle they use.
const queues = new Map<string, WaitQueue>()

/** Wakes the first caller that waits for a lock, which may be free. Called by every release, most of which nobody waits for. */
export function wakeFirstWaiter(locks: Pick<LockManager, 'waitQueueOf'>, key: string): void {
  if (queues.size > 0) queues.get(locks.waitQueueOf(key))?.first?.wake()
}

/** The callers that wait for one lock, in their order. */
class WaitQueue {
  readonly #waiters = new Set<LockWaiter>()
  // One iterator for all: a new one would pass everyone who has left, because a Set keeps their places for long. With 100,000
  // callers, that took most of the time between two grants.
  readonly #order = this.#waiters.values()
  /** `undefined` when nobody waits. */
  first: LockWaiter | undefined

  join(waiter: LockWaiter): void {
    this.#waiters.add(waiter)
    this.first ??= waiter
  }

  /** Wakes the next waiter if `waiter` was first. */
  leave(waiter: LockWaiter): void {
    this.#waiters.delete(waiter)
    if (waiter !== this.first) return
    this.first = this.#order.next().value
    this.first?.wake()
  }
}

/**
 * One caller in the wait queue of a lock. Only the first waiter tries to acquire the lock; the others wait until they are first.
 */
export class LockWaiter extends WakeUp {
  readonly #name: string
  readonly #queue: WaitQueue

  /** Joins the queue `name` at its end. */
  constructor(name: string) {
    super()
    this.#name = name
    this.#queue = queues.get(name) ?? new WaitQueue()
    queues.set(name, this.#queue)
    this.#queue.join(this)
  }

  get isFirst(): boolean {
    return this.#queue.first === this
  }

  /** Leaves the queue, and wakes the next waiter if this one was first. Call it once. */
  leave(): void {
    this.#queue.leave(this)
    if (this.#queue.first === undefined) queues.delete(this.#name)
  }
}
