/** A value that is acquired once and disposed once. */
export class AsyncDisposableResource<T> {
  readonly #acquire: () => T | PromiseLike<T>
  readonly #dispose: (value: T) => unknown
  #pending: Promise<T> | undefined
  #disposal: Promise<void> | undefined
  #value: T | undefined

  constructor(acquire: () => T | PromiseLike<T>, dispose: (value: T) => unknown) {
    this.#acquire = acquire
    this.#dispose = dispose
  }

  /** The value while it is held, else `undefined`. */
  get value(): T | undefined {
    return this.#value
  }

  /** Acquires the value. @throws `Resource already acquired` on the second call. */
  async acquire(): Promise<T> {
    if (this.#pending !== undefined) throw new Error('Resource already acquired')
    this.#pending = (async () => this.#acquire())()
    this.#value = await this.#pending
    return this.#value
  }

  /** Disposes the value. Waits for a running acquisition first. A second call only waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#release()
    return this.#disposal
  }

  async #release(): Promise<void> {
    const pending = this.#pending
    // From now on acquire() rejects, because its value would never be disposed.
    this.#pending ??= Promise.reject(new Error('Resource disposed'))
    this.#pending.catch(() => {})
    if (pending === undefined) return
    let value: T
    try {
      value = await pending
    } catch {
      // acquire() has rejected with this error, and there is nothing to dispose.
      return
    }
    this.#value = undefined
    await this.#dispose(value)
  }
}
