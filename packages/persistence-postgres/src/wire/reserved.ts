import { nextTurn, type Row, type SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endsConnection } from '../sql/error-codes.js'
import type { Listener, Wire } from './wire.js'

/** Sends statements over a reserved connection. */
export interface Sender {
  /** Sends one of our statements; see {@link Wire.run}. */
  run(sql: string, parameters: readonly SqlValue[], prepare: boolean): PromiseLike<readonly unknown[]>
  /** Sends a statement of the app. */
  query(sql: string, parameters: readonly SqlValue[]): PromiseLike<readonly unknown[]>
}

/**
 * A connection reserved from a library's pool. That it has ended is seen from the error of a statement or from the library, or
 * others set `lost`.
 */
export class ReservedWire implements Wire {
  readonly #sender: Sender
  readonly #release: (broken: boolean) => unknown
  readonly #hasEnded: () => boolean
  #lost = false
  #last: Promise<Row[]> | undefined
  #left: () => void = () => undefined
  readonly #leaving = new Promise<void>((resolve) => {
    this.#left = resolve
  })
  /** Whether the connection ended with a statement in flight. */
  lostStatement = false
  backend: number | undefined

  /**
   * @param release Releases the connection to the pool, or ends it if it is broken. A lost connection has left the pool.
   * @param hasEnded Whether the library knows that the connection has ended.
   */
  constructor(sender: Sender, release: (broken: boolean) => unknown, hasEnded: () => boolean = () => false) {
    this.#sender = sender
    this.#release = release
    this.#hasEnded = hasEnded
  }

  get lost(): boolean {
    return this.#lost || this.#hasEnded()
  }

  set lost(lost: boolean) {
    this.#lost = lost
  }

  run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]> {
    return this.#sent(this.#sender.run(sql, parameters, name !== undefined))
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#sent(this.#sender.query(sql, parameters))
  }

  /** Records the error of a statement on this connection. */
  failed(error: unknown): void {
    this.lostStatement ||= endsConnection(error)
    this.lost ||= this.lostStatement
  }

  async close(broken: boolean): Promise<void> {
    this.#left()
    await this.#release(broken)
  }

  /**
   * Resolves when no statement has been in flight for one turn of the event loop, so queued statements have been sent too. Also
   * resolves when the connection is closed, as happens if its server stops answering.
   */
  async idle(): Promise<void> {
    let last: Promise<Row[]> | undefined
    do {
      last = this.#last
      // The statement's own caller gets the error.
      await Promise.race([last?.catch(() => undefined), this.#leaving])
      await nextTurn()
    } while (last !== this.#last)
  }

  #sent(answer: PromiseLike<readonly unknown[]>): Promise<Row[]> {
    this.#last = this.#rowsOf(answer)
    return this.#last
  }

  async #rowsOf(answer: PromiseLike<readonly unknown[]>): Promise<Row[]> {
    try {
      return [...(await answer)] as Row[]
    } catch (error) {
      this.failed(error)
      throw error
    }
  }
}

/** The `listen` of libraries that use a separate connection and reconnect it themselves. */
export interface ListensLike {
  listen(
    channel: string,
    notified: (text: string) => void,
    listening?: () => void,
  ): PromiseLike<{ unlisten(): PromiseLike<unknown> }>
}

/** Listens on a channel. @returns a function that stops listening. @throws the error of the library. */
export async function listenBy(
  library: ListensLike,
  channel: string,
  listener: Listener,
): Promise<() => Promise<void>> {
  let began = false
  const listening = (): void => {
    if (began) listener.reconnected()
    began = true
  }
  const subscription = await library.listen(channel, (text) => listener.notified(text), listening)
  return async () => {
    // Not awaited: it may need a connection from the app's pool, which may have none free.
    void Promise.resolve(subscription.unlisten()).catch(() => undefined)
  }
}
