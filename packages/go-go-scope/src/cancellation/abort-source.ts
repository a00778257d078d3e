/**
 * A cheap abort controller. The signal is created when it is first read. The host's own listeners cost O(1) to add and
 * remove; the listeners of a signal cost O(n) on Node.
 */
export class AbortSource {
  #controller: AbortController | undefined
  #listeners: Set<(reason: unknown) => void> | undefined
  #aborted = false
  #reason: unknown

  get aborted(): boolean {
    return this.#aborted
  }

  get reason(): unknown {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Aborts. A second call does nothing. */
  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    const listeners = this.#listeners
    this.#listeners = undefined
    this.#controller?.abort(reason)
    for (const listener of listeners ?? []) listener(reason)
  }

  /** Calls `listener` on abort, or at once if already aborted. It must not throw. Returns the unsubscriber. */
  onAbort(listener: (reason: unknown) => void): () => void {
    if (this.#aborted) {
      listener(this.#reason)
      return () => {}
    }
    this.#listeners ??= new Set()
    const listeners = this.#listeners.add(listener)
    return () => listeners.delete(listener)
  }
}

/**
 * Settles like `work`, or rejects with `failure()` as soon as `source` aborts. It listens before the work starts, so that
 * the abort wins even if the work settles on the same abort. After an abort the work is not started.
 */
export function raceAbort<T>(source: AbortSource, failure: () => unknown, work: () => Promise<T>): Promise<T> {
  if (source.aborted) return Promise.reject(failure())
  return new Promise<T>((resolve, reject) => {
    const stop = source.onAbort(() => reject(failure()))
    work().then(
      (value) => {
        stop()
        resolve(value)
      },
      (error: unknown) => {
        stop()
        reject(error)
      },
    )
  })
}
