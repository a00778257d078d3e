import type { LockProvider } from '@go-go-scope/persistence-core/ports'
import { PriorityQueue, type QueueNode } from '../../concurrency/priority-queue.js'
import type { Reporter } from '../../errors/reporter.js'
import { perProvider } from '../../resource/per-provider.js'
import { startTimer } from '../../time/timer.js'
import type { HeldLock, LockRequest } from '../lock-request.js'
import type { Attempt } from './attempt.js'
import { ReadWriteSlots } from './read-write-slots.js'

/** A request that waits for a provider's lock. */
export interface ProviderRequest extends LockRequest {
  readonly attempt: Attempt
  readonly report: Reporter
}

interface TrackedLock extends HeldLock {
  release(): Promise<void>
}

interface Waiter {
  readonly request: ProviderRequest
  node?: QueueNode<Waiter>
  /** Called when a withdrawn request has released everything it acquired. */
  gone?: () => void
}

/**
 * The queue of this process for one lock of one provider. Only the first request tries the provider: at a jittered interval,
 * and at once when a holder in this process releases. While this process holds the lock, no request tries. A holder with a
 * lost lease no longer counts.
 */
export class ProviderLockQueue {
  static readonly #queuesOf = perProvider(() => new Map<string, ProviderLockQueue>())
  /** The reader slot that the readers of this process share. */
  readonly slots: ReadWriteSlots = new ReadWriteSlots()
  readonly #queue = new PriorityQueue<Waiter>()
  readonly #forget: () => void
  #readers = 0
  #writers = 0
  #running = false
  /** The waiter whose attempt is running. A committed attempt stays until it succeeds or is abandoned. */
  #current: Waiter | undefined
  #wake: (() => void) | undefined

  /** Returns this process's queue for `name`. A queue exists while it is in use. */
  static for(provider: LockProvider, name: string): ProviderLockQueue {
    const queues = ProviderLockQueue.#queuesOf(provider)
    const queue: ProviderLockQueue =
      queues.get(name) ??
      new ProviderLockQueue(() => {
        // A holder with a lost lease may release when the next queue of the name is in use.
        if (queues.get(name) === queue) queues.delete(name)
      })
    queues.set(name, queue)
    return queue
  }

  private constructor(forget: () => void) {
    this.#forget = forget
  }

  /** Returns a function that withdraws the request. Its promise, if any, resolves when everything acquired is released. */
  enqueue(request: ProviderRequest): () => Promise<void> | undefined {
    const waiter: Waiter = { request }
    waiter.node = this.#queue.add(waiter, request.priority)
    const first = this.#queue.peek() === waiter && !this.#current?.request.attempt.committed
    if (first) this.#wake?.()
    else if (request.once) {
      this.#queue.remove(waiter.node)
      request.giveUp()
    }
    void this.#run()
    return () => this.#withdraw(waiter)
  }

  #withdraw(waiter: Waiter): Promise<void> | undefined {
    if (!waiter.node?.queued) return undefined
    this.#queue.remove(waiter.node)
    if (this.#current !== waiter) {
      this.#wake?.()
      return undefined
    }
    const gone = new Promise<void>((resolve) => {
      waiter.gone = resolve
    })
    this.#wake?.()
    return gone
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) await this.#serve(waiter)
    this.#running = false
    if (this.#queue.size === 0 && this.#readers + this.#writers === 0) this.#forget()
  }

  /** Returns the waiter to serve next; `undefined` if none waits, or if a holder in this process excludes the first one. */
  #next(): Waiter | undefined {
    if (this.#current !== undefined) return this.#current
    for (let waiter = this.#queue.peek(); waiter !== undefined; waiter = this.#queue.peek()) {
      const { type, once } = waiter.request
      if (this.#writers === 0 && (type === 'read' || this.#readers === 0)) return waiter
      if (!once) return undefined
      this.#queue.shift()
      waiter.request.giveUp()
    }
    return undefined
  }

  /** Runs one try, and the pause if it fails. */
  async #serve(waiter: Waiter): Promise<void> {
    const { request } = waiter
    const node = waiter.node as QueueNode<Waiter>
    this.#current = waiter
    let held: HeldLock | null = null
    let failure: { error: unknown } | undefined
    try {
      held = await request.attempt.try()
    } catch (error) {
      failure = { error }
    }
    const tracked = held && this.#track(request.type, held)
    if (!node.queued) {
      await tracked?.release().catch((error: unknown) => request.report('lock.release', error))
      await request.attempt.abandon()
    } else if (tracked !== null) {
      this.#queue.remove(node)
      request.grant(tracked)
    } else if (failure !== undefined || request.once) {
      this.#queue.remove(node)
      await request.attempt.abandon()
      if (failure === undefined) request.giveUp()
      else request.fail(failure.error)
    } else {
      if (!request.attempt.committed) this.#current = undefined
      await this.#pause(request.pollInterval)
      if (node.queued) return
      await request.attempt.abandon()
    }
    this.#current = undefined
    waiter.gone?.()
  }

  /** Counts the holder until it releases or loses the lock. */
  #track(type: LockRequest['type'], held: HeldLock): TrackedLock {
    if (type === 'read') this.#readers++
    else this.#writers++
    let counted = true
    const gone = (): void => {
      if (counted && type === 'read') this.#readers--
      else if (counted) this.#writers--
      counted = false
      this.#wake?.()
      void this.#run()
    }
    const unlink = held.lost.onAbort(gone)
    return {
      lost: held.lost,
      synchronous: false,
      ...(held.handle && { handle: held.handle }),
      release: async () => {
        try {
          await held.release()
        } finally {
          unlink()
          gone()
        }
      },
    }
  }

  /** Waits between 75 and 125 % of `interval` ms, or until the queue is woken. */
  #pause(interval: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#wake = undefined
        resolve()
      }
      const timer = startTimer(interval * (0.75 + Math.random() / 2), done)
      this.#wake = done
    })
  }
}
