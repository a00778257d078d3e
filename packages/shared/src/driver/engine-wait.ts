import { PersistenceError } from '../errors/persistence-error.js'
import type { OperationQueue } from './operation-queue.js'

// How long the engine itself waits for another writer. A synchronous engine holds the event loop meanwhile, one waiting
// connection after the other, and an asynchronous one a pool thread, of which a process has four or fewer: the holder of
// the write lock finds no thread to go on with until those who wait for it have given up, for each of its statements.
// See docs/decisions/0006-short-engine-waits.md.
const ENGINE_WAIT_MS = 3

/** The engine's own wait on one handle: short while adapters use it, the app's after that. */
export class EngineWait {
  readonly #longest: number
  #apps: number | undefined

  /** @param busyTimeout ms a caller is willing to wait. */
  constructor(busyTimeout: number) {
    this.#longest = Math.min(ENGINE_WAIT_MS, busyTimeout)
  }

  /** @throws PersistenceError `ENGINE_UNSUPPORTED` when the engine does not take it. */
  async shorten(queue: OperationQueue): Promise<void> {
    const [wait] = await queue.query('connect', 'PRAGMA busy_timeout')
    this.#apps ??= Number(wait?.timeout)
    await setWait(queue, this.#longest)
  }

  async putBack(queue: OperationQueue): Promise<void> {
    if (this.#apps !== undefined) await setWait(queue, this.#apps)
  }
}

async function setWait(queue: OperationQueue, ms: number): Promise<void> {
  await queue.query('connect', `PRAGMA busy_timeout = ${Math.floor(ms)}`)
  const [set] = await queue.query('connect', 'PRAGMA busy_timeout')
  if (Number(set?.timeout) === Math.floor(ms)) return
  throw new PersistenceError('ENGINE_UNSUPPORTED', 'connect', `connect: the engine did not set busy_timeout to ${ms}`)
}
