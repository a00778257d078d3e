import { type EngineHandle, pragma, setPragma } from './pragma.js'

// How long the engine itself waits for another writer. A synchronous engine blocks the event loop meanwhile, one waiting
// connection after another. An asynchronous engine blocks a pool thread, of which a process has four or fewer: for each of its
// statements, the holder of the write lock finds no free thread until the waiting connections have given up. See
// docs/decisions/0006-short-engine-waits.md.
const ENGINE_WAIT_MS = 3

/** Sets `busy_timeout` of one handle: short while adapters use it, the app's own value afterwards. */
export class BusyTimeout {
  readonly #handle: EngineHandle
  readonly #longest: number
  #apps: number | undefined

  /** @param busyTimeout ms that a caller is willing to wait. */
  constructor(handle: EngineHandle, busyTimeout: number) {
    this.#handle = handle
    this.#longest = Math.floor(Math.min(ENGINE_WAIT_MS, busyTimeout))
  }

  /** @throws PersistenceError `ENGINE_UNSUPPORTED` when the setting has no effect. */
  async shorten(): Promise<void> {
    const apps = await pragma(this.#handle, 'connect', 'busy_timeout')
    this.#apps ??= Number(apps)
    await setPragma(this.#handle, 'connect', 'busy_timeout', this.#longest)
  }

  async putBack(): Promise<void> {
    if (this.#apps !== undefined) await setPragma(this.#handle, 'connect', 'busy_timeout', this.#apps)
  }
}
