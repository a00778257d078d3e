import { AbortSource } from '../cancellation/abort-source.js'
import { PriorityQueue } from '../concurrency/priority-queue.js'
import type { LockStats, LockType } from './lock-options.js'
import type { HeldLock, LockQueue, LockRequest } from './lock-request.js'

/**
 * One lock in memory. Requests are served strictly in order, so a reader that comes after a waiting writer waits too:
 * readers that keep coming cannot starve the writer.
 */
export class MemoryLock implements LockQueue {
  /** The named locks that are held or waited for. */
  static readonly #inUse = new Map<string, MemoryLock>()
  readonly #queue = new PriorityQueue<LockRequest>()
  readonly #onChange: () => void
  #readers = 0
  #holder: 'exclusive' | 'write' | undefined

  /** Returns this process's lock for `name`. The caller must use it at once, because an unused one is not kept. */
  static for(name: string): MemoryLock {
    const known = MemoryLock.#inUse.get(name)
    if (known !== undefined) return known
    const lock: MemoryLock = new MemoryLock(() => {
      if (lock.isIdle) MemoryLock.#inUse.delete(name)
      else MemoryLock.#inUse.set(name, lock)
    })
    return lock
  }

  /** @param onChange Called after each change of {@link MemoryLock.isIdle}, and sometimes in between. */
  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange
  }

  /** Whether the lock is neither held nor waited for. */
  get isIdle(): boolean {
    return !this.isLocked && this.#queue.size === 0
  }

  get isLocked(): boolean {
    return this.#readers > 0 || this.#holder !== undefined
  }

  get stats(): LockStats {
    return {
      readerCount: this.#readers,
      writerActive: this.#holder === 'write',
      exclusiveActive: this.#holder === 'exclusive',
      pendingRequests: this.#queue.size,
    }
  }

  enqueue(request: LockRequest): () => undefined {
    const node = this.#queue.add(request, request.priority)
    this.#serve()
    return () => {
      this.#queue.remove(node)
      // The next requests may have waited only because of the withdrawn one.
      this.#serve()
    }
  }

  /** Acquires the lock if it is free and no request waits. Returns `null` otherwise. */
  tryTake(type: LockType): HeldLock | null {
    return this.#queue.size === 0 && this.#fits(type) ? this.#take(type) : null
  }

  #fits(type: LockType): boolean {
    return this.#holder === undefined && (type === 'read' || this.#readers === 0)
  }

  #serve(): void {
    for (let next = this.#queue.peek(); next !== undefined && this.#fits(next.type); next = this.#queue.peek()) {
      this.#queue.shift()
      next.grant(this.#take(next.type))
    }
    this.#onChange()
  }

  #take(type: LockType): HeldLock {
    if (type === 'read') this.#readers++
    else this.#holder = type
    this.#onChange()
    let held = true
    return {
      lost: new AbortSource(),
      synchronous: true,
      release: () => {
        if (!held) return
        held = false
        if (type === 'read') this.#readers--
        else this.#holder = undefined
        this.#serve()
      },
    }
  }
}
