/** At most one run at a time for each key; the callers that come while it is under way share its result. */
export class SingleFlight<Run extends PromiseLike<unknown>> {
  readonly #running = new Map<string, Run>()

  /** The run of `key` that is under way. */
  get(key: string): Run | undefined {
    return this.#running.get(key)
  }

  /** Makes `run` the run of `key` until it settles. Callbacks added to `run` later are called when it is gone here. */
  share(key: string, run: Run): void {
    this.#running.set(key, run)
    const end = (): void => {
      if (this.#running.get(key) === run) this.#running.delete(key)
    }
    run.then(end, end)
  }
}
