import type { Session } from '../session/session.js'

/** What every adapter has, whichever ports it offers: connecting and disconnecting. */
export abstract class BaseAdapter implements AsyncDisposable {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** For what a dialect adds to its adapters. @returns `undefined` for what is no adapter. */
  static sessionOf(value: unknown): Session | undefined {
    return typeof value === 'object' && value !== null && #session in value ? value.#session : undefined
  }

  /**
   * Creates or updates the tables; may be repeated and raced. Every method does it at the first use.
   *
   * @throws PersistenceError `CLOSED` after {@link disconnect}; why the database cannot be used.
   */
  connect(): Promise<void> {
    return this.#session.connect()
  }

  /**
   * Waits for what is in flight; the last adapter on a handle closes it. May be repeated, and tries again where the
   * handle could not be closed.
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
