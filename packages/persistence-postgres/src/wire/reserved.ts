import { nextTurn, type Row, type SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endsConnection } from '../sql/error-codes.js'
import type { Listener, Wire } from './wire.js'

/** Sends statements over a connection that was taken from a pool. */
export interface Sender {
  /** One of ours; see {@link Wire.run}. */
  run(sql: string, parameters: readonly SqlValue[], prepare: boolean): PromiseLike<readonly unknown[]>
  /** One of the app. */
  query(sql: string, parameters: readonly SqlValue[]): PromiseLike<readonly unknown[]>
}

/** A connection of a library whose pools lend one. Its end is told by the error of a statement, or by whoever sets `lost`. */
export class ReservedWire implements Wire {
  readonly #sender: Sender
  readonly #release: (broken: boolean) => unknown
  #last: Promise<Row[]> | undefined
  #left: () => void = () => undefined
  readonly #leaving = new Promise<void>((resolve) => {
    this.#left = resolve
  })
  lost = false
  /** Whether its end was the answer to a statement. */
  lostStatement = false
  backend: number | undefined

  /** @param release Gives it back, or ends it where it is broken; where it is lost it is not in the pool any more. */
  constructor(sender: Sender, release: (broken: boolean) => unknown) {
    this.#sender = sender
    this.#release = release
  }

  run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]> {
    return this.#sent(this.#sender.run(sql, parameters, name !== undefined))
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#sent(this.#sender.query(sql, parameters))
  }

  /** Notes the error that a statement of this connection got. */
  failed(error: unknown): void {
    this.lostStatement ||= endsConnection(error)
    this.lost ||= this.lostStatement
  }

  async close(broken: boolean): Promise<void> {
    this.#left()
    await this.#release(broken)
  }

  /**
   * Settles when no statement has been in flight for a turn of the event loop: what is queued has been sent too. Or when it was
   * closed, as one is whose server answers nothing any more.
   */
  async idle(): Promise<void> {
    let last: Promise<Row[]> | undefined
    do {
      last = this.#last
      // Its caller hears of it.
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

/** What both libraries give that listen by a connection of their own, and make it anew. */
export interface ListensLike {
  listen(
    channel: string,
    notified: (text: string) => void,
    listening?: () => void,
  ): PromiseLike<{ unlisten(): PromiseLike<unknown> }>
}

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
    // Not waited for: it may ask for a connection of the app's pool, which may have none to give.
    void Promise.resolve(subscription.unlisten()).catch(() => undefined)
  }
}
