import type { AbortSource } from '../cancellation/abort-source.js'

/** The result of a task: `[undefined, value]` or `[error, undefined]`. */
export type Result<E, T> = readonly [undefined, T] | readonly [E, undefined]

type OnFulfilled<R, A> = ((result: R) => A | PromiseLike<A>) | null
type OnRejected<B> = ((reason: unknown) => B | PromiseLike<B>) | null

/** A running task. It can be awaited like a promise, but does not reject if its function throws. */
export class Task<R> implements PromiseLike<R> {
  readonly id: string
  /** Always `true`: a task starts when it is created. */
  readonly isStarted: boolean = true
  readonly #promise: Promise<R>
  readonly #abort: AbortSource
  #settled = false

  /** @param promise Never rejects. @internal */
  constructor(id: string, abort: AbortSource, promise: Promise<R>) {
    this.id = id
    this.#abort = abort
    this.#promise = promise
    void promise.then(() => {
      this.#settled = true
    })
  }

  /** The signal that the function gets. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isSettled(): boolean {
    return this.#settled
  }

  // biome-ignore lint/suspicious/noThenProperty: a task is awaited like a promise
  then<A = R, B = never>(onFulfilled?: OnFulfilled<R, A>, onRejected?: OnRejected<B>): Promise<A | B> {
    return this.#promise.then(onFulfilled, onRejected)
  }

  catch<B = never>(onRejected?: OnRejected<B>): Promise<R | B> {
    return this.#promise.catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<R> {
    return this.#promise.finally(onFinally)
  }

  /** Aborts the task unless it has settled. */
  [Symbol.dispose](): void {
    if (!this.#settled) this.#abort.abort(new Error('Task disposed'))
  }
}
