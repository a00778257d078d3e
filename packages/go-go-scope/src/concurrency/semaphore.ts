import type { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import { ANY_NUMBER, checkValue } from '../options/check-value.js'
import type { Waits } from '../time/waits.js'
import { PriorityQueue } from './priority-queue.js'

interface Waiter {
  grant(): void
  reject(reason: unknown): void
}

/** Releases a permit. Must be called once. */
export type Release = () => void

/**
 * Runs at most `permits` functions at a time. The others wait, the highest priority first, then in order of arrival.
 * 0 or less means no limit. When `signal` aborts, waiting calls are rejected with its reason.
 */
export class Semaphore {
  readonly totalPermits: number
  readonly #queue = new PriorityQueue<Waiter>()
  readonly #signal: AbortSignal | undefined
  readonly #waits: Waits | undefined
  /** Set only while calls wait, so that a signal that outlives the semaphore does not keep it in memory. */
  #abort: Disposable | undefined
  #available: number
  #closed: { reason: unknown } | undefined

  /** @param waits Counts the calls that wait. */
  constructor(permits: number, signal?: AbortSignal, waits?: Waits) {
    checkValue('permits', permits, ANY_NUMBER)
    this.totalPermits = permits > 0 ? Math.max(1, Math.floor(permits)) : Number.POSITIVE_INFINITY
    this.#available = this.totalPermits
    this.#waits = waits
    this.#signal = signal
  }

  /** The number of free permits. */
  get available(): number {
    return this.#available
  }

  /** The number of calls that wait for a permit. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Waits for a permit and runs `fn`, which holds the permit until its promise settles. */
  async acquire<T>(fn: () => T | PromiseLike<T>, priority = 0): Promise<T> {
    checkValue('priority', priority, ANY_NUMBER)
    const release = await this.enter(priority)
    try {
      return await fn()
    } finally {
      release()
    }
  }

  /** Runs `fn` if a permit is free now. Returns `null` otherwise. */
  tryAcquire<T>(fn: () => T | PromiseLike<T>): Promise<T> | null {
    if (this.#ended !== undefined || this.#available < 1) return null
    return this.acquire(fn)
  }

  /**
   * Acquires a permit without running a function, synchronously if one is free. `abort` ends the wait.
   *
   * @throws (as a rejection) the reason of the abort.
   * @internal
   */
  enter(priority = 0, abort?: AbortSource): Release | Promise<Release> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended.reason)
    if (this.#available >= 1) return this.#take()
    return new Promise((resolve, reject) => {
      let unlink: (() => void) | undefined
      const left = (): void => {
        unlink?.()
        this.#waits?.end()
        if (this.waiting === 0) this.#abort?.[Symbol.dispose]()
      }
      const waiter: Waiter = {
        grant: () => {
          left()
          resolve(this.#take())
        },
        reject: (reason) => {
          left()
          reject(reason)
        },
      }
      if (this.waiting === 0) this.#abort = this.#signal && onAbort(this.#signal, (reason) => this.#close(reason))
      const node = this.#queue.add(waiter, priority)
      this.#waits?.begin()
      unlink = abort?.onAbort((reason) => {
        this.#queue.remove(node)
        waiter.reject(reason)
      })
    })
  }

  /** Rejects waiting calls with `Semaphore disposed`. Running functions continue. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(new Error('Semaphore disposed'))
  }

  /** The reason why no more calls start; `undefined` while they do. */
  get #ended(): { readonly reason: unknown } | undefined {
    return this.#closed ?? (this.#signal?.aborted ? this.#signal : undefined)
  }

  #take(): Release {
    this.#available--
    return () => {
      this.#available++
      this.#queue.shift()?.grant()
    }
  }

  #close(reason: unknown): void {
    if (this.#closed !== undefined) return
    this.#closed = { reason }
    for (const waiter of this.#queue.drain()) waiter.reject(reason)
  }
}
