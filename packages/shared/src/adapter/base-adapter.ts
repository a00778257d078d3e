import * as threads from 'node:worker_threads'
import type { Session } from '../session/session.js'

// Not there before Node 22.10.
const { markAsUncloneable }: { readonly markAsUncloneable?: (object: object) => void } = threads

/** Connecting and disconnecting, which every adapter has. */
export abstract class BaseAdapter implements AsyncDisposable {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
    // What a message carries of it has no methods, which would be noticed in the other thread, and late.
    markAsUncloneable?.(this)
  }

  /** The session of an adapter. @returns `undefined` for anything else. */
  static sessionOf(value: unknown): Session | undefined {
    return typeof value === 'object' && value !== null && #session in value ? value.#session : undefined
  }

  /**
   * Creates or updates the tables. The first call of any other method does it too. May be repeated, and several processes may
   * call it at once.
   *
   * @throws PersistenceError `CLOSED` after {@link disconnect}; what keeps the database from being used.
   */
  connect(): Promise<void> {
    return this.#session.connect()
  }

  /**
   * Waits for the calls under way. The last adapter on a handle closes it, unless `closeOnDisconnect` is `false`. May be repeated:
   * a second call tries again where the handle could not be closed.
   *
   * @throws PersistenceError when the handle could not be closed.
   */
  disconnect(): Promise<void> {
    return this.#session.disconnect()
  }

  /** Whether {@link connect} has succeeded and {@link disconnect} was not called. */
  isConnected(): boolean {
    return this.#session.ready
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect()
  }
}
