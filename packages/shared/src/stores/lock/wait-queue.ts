import { WakeUp } from '../../time/wake-up.js'
import type { LockManager } from './lock-manager.js'

// Shared by all connections: callers of one process wait in one queue for a lock in a file, whichever handle they use.
const queues = new Map<string, Set<LockWaiter>>()

/** Wakes the first caller that waits for a lock, which may be free. Called by every release, most of which nobody waits for. */
export function wakeFirstWaiter(locks: Pick<LockManager, 'waitQueueOf'>, key: string): void {
  if (queues.size > 0) wakeFirst(queues.get(locks.waitQueueOf(key)))
}

function wakeFirst(queue: Iterable<LockWaiter> = []): void {
  for (const waiter of queue) {
    waiter.wake()
    return
  }
}

/**
 * One caller in the wait queue of a lock. Only the first waiter tries to acquire the lock; the others wait until they are first.
 */
export class LockWaiter extends WakeUp {
  readonly #name: string
  readonly #queue: Set<LockWaiter>

  /** Joins the queue `name` at its end. */
  constructor(name: string) {
    super()
    this.#name = name
    this.#queue = queues.get(name) ?? new Set()
    queues.set(name, this.#queue)
    this.#queue.add(this)
  }

  get isFirst(): boolean {
    for (const first of this.#queue) return first === this
    return false
  }

  /** Leaves the queue, and wakes the next waiter if this one was first. Call it once. */
  leave(): void {
    const { isFirst } = this
    this.#queue.delete(this)
    if (this.#queue.size === 0) queues.delete(this.#name)
    else if (isFirst) wakeFirst(this.#queue)
  }
}
