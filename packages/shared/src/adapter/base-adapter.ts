import * as threads from 'node:worker_threads'
import type { Session } from '../session/session.js'

// Absent before Node 22.10.
const { markAsUncloneable }: { readonly markAsUncloneable?: (object: object) => void } = threads

/** Returns the session of an adapter, or `undefined` for any other value. Not a member of the class, because it is not public. */
export let sessionOf: (value: unknown) => Session | undefined

/** Connects and disconnects; the base of every adapter. */
export abstract class BaseAdapter implements AsyncDisposable {
  static {
    sessionOf = (value) =>
      typeof value === 'object' && value !== null && #session in value ? value.#session : undefined
  }

  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
    // A structured clone of an adapter has no methods. Without this mark the failure would show only later, in the other thread.
    markAsUncloneable?.(this)
  }

  /**
   * Creates or updates the tables. The first call of any other method does the same. May be called again, and by several
   * processes at once.
   *
   * @throws PersistenceError `CLOSED` after {@link disconnect}; the reason why the database cannot be used.
   */
  connect(): Promise<void> {
    return this.#session.connect()
  }

  /**
   * Waits for the calls in flight. The last adapter on a handle then closes it, unless `closeOnDisconnect` is `false`. May be
   * called again: if the handle could not be closed, the next call retries.
   *
   * @throws PersistenceError when the handle could not be closed.
   */
  disconnect(): Promise<void> {
    return this.#session.disconnect()
  }

  /** Returns whether {@link connect} has succeeded and {@link disconnect} was not called since. */
  isConnected(): boolean {
    return this.#session.ready
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }
}
