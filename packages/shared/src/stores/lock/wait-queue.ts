import { WakeUp } from '../../time/wake-up.js'
import type { LockManager } from './lock-manager.js'

/** The first and the last of the callers that wait for one lock; `undefined` when nobody waits. */
interface WaitQueue {
  first: LockWaiter | undefined
  last: LockWaiter | undefined
}

// Shared by all connections: callers of one process wait in one queue for a lock in a file, whichever handle they use.
const queues = new Map<string, WaitQueue>()

/** Wakes the first caller that waits for a lock, which may be free. Called by every release, most of which nobody waits for. */
export function wakeFirstWaiter(locks: Pick<LockManager, 'waitQueueOf'>, key: string): void {
  if (queues.size > 0) queues.get(locks.waitQueueOf(key))?.first?.wake()
}

/**
 * One caller in the wait queue of a lock. Only the first waiter tries to acquire the lock; the others wait until they are first.
 *
 * Each knows its neighbours. A Set would keep the places of all who have left, and each search for the first would pass them. An
 * iterator that stays passes them once, but keeps everyone who leaves while the first one waits.
 */
export class LockWaiter extends WakeUp {
  readonly #name: string
  readonly #queue: WaitQueue
  #before: LockWaiter | undefined
  #after: LockWaiter | undefined

  /** Joins the queue `name` at its end. */
  constructor(name: string) {
    super()
    this.#name = name
    const queue = queues.get(name) ?? { first: undefined, last: undefined }
    queues.set(name, queue)
    this.#queue = queue
    this.#before = queue.last
    if (this.#before === undefined) queue.first = this
    else this.#before.#after = this
    queue.last = this
  }

  get isFirst(): boolean {
    return this.#queue.first === this
  }

  /** Leaves the queue, and wakes the next waiter if this one was first. Call it once. */
  leave(): void {
    const queue = this.#queue
    const before = this.#before
    const after = this.#after
    if (after === undefined) queue.last = before
    else after.#before = before
    if (before !== undefined) before.#after = after
    else {
      queue.first = after
      if (after === undefined) queues.delete(this.#name)
      else after.wake()
    }
  }
}
