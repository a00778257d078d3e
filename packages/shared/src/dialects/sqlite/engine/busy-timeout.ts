import { type AskedHandle, pragma, setPragma } from './pragma.js'

// How long the engine itself waits for another writer. A synchronous engine holds the event loop meanwhile, one waiting
// connection after the other, and an asynchronous one a pool thread, of which a process has four or fewer: the holder of
// the write lock finds no thread to go on with until the waiting connections have given up, for each of its statements.
// See docs/decisions/0006-short-engine-waits.md.
const ENGINE_WAIT_MS = 3

/** `busy_timeout` of one handle, how long the engine itself waits: short while adapters use it, the app's after that. */
export class BusyTimeout {
  readonly #handle: AskedHandle
  readonly #longest: number
  #apps: number | undefined

  /** @param busyTimeout ms a caller is willing to wait. */
  constructor(handle: AskedHandle, busyTimeout: number) {
    this.#handle = handle
    this.#longest = Math.floor(Math.min(ENGINE_WAIT_MS, busyTimeout))
  }

  /** @throws PersistenceError `ENGINE_UNSUPPORTED` when the engine does not take it. */
  async shorten(): Promise<void> {
    const apps = await pragma(this.#handle, 'connect', 'busy_timeout')
    this.#apps ??= Number(apps)
    await setPragma(this.#handle, 'connect', 'busy_timeout', this.#longest)
  }

  async putBack(): Promise<void> {
    if (this.#apps !== undefined) await setPragma(this.#handle, 'connect', 'busy_timeout', this.#apps)
  }
}
