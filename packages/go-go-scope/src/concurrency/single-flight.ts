/** Allows one run at a time per key. Callers that come during a run share its result. */
export class SingleFlight<Run extends PromiseLike<unknown>> {
  readonly #running = new Map<string, Run>()

  /** Returns the current run of `key`. */
  get(key: string): Run | undefined {
    return this.#running.get(key)
  }

  /** Makes `run` the run of `key` until it settles. Callbacks that are added to `run` later see it removed. */
  share(key: string, run: Run): void {
    this.#running.set(key, run)
    const end = (): void => {
      if (this.#running.get(key) === run) this.#running.delete(key)
    }
    run.then(end, end)
  }
}
