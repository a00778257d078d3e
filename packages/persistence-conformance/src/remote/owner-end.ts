import type { MessagePort } from 'node:worker_threads'
import { PersistenceError } from '@go-go-scope/persistence-core'
import type { Peer } from '@go-go-scope/persistence-core/remote'
import type { ClockInMemory, SharedClock } from './mirrored-clocks.js'
import type { Orders, Said, SentError } from './orders.js'

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** The connection to the thread or process that owns the databases of a cell and takes orders. */
export abstract class Owner {
  readonly #waiting = new Map<number, Waiting>()
  /** The diagnostics listeners of each handle. */
  readonly #listeners = new Map<number, Set<(event: object) => void>>()
  #last = 0

  /** Returns a test's clock in a form that can be sent to the owner. */
  abstract sent(clock: ClockInMemory): SharedClock

  /** Called before each message, to pass on the time of a test's clock. */
  abstract shown(clock: ClockInMemory): void

  /** Called when a test's clock has advanced. */
  abstract tick(clock: ClockInMemory): void

  /**
   * Returns the peer through which the owner's adapter is reached.
   *
   * @param port The answer of the order `serve`.
   * @param show Must be called before each message.
   */
  abstract peer(port: MessagePort | undefined, show: () => void): Peer

  protected abstract send(message: object): void
  protected abstract keepAlive(on: boolean): void

  order<Order extends keyof Orders>(order: Order, given: Parameters<Orders[Order]>[0]): ReturnType<Orders[Order]> {
    const id = ++this.#last
    if (this.#waiting.size === 0) this.keepAlive(true)
    return new Promise<never>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.send({ id, order, given })
    }) as ReturnType<Orders[Order]>
  }

  /** Calls `listener` with the diagnostics of the owner's adapters on the handle. */
  listen(handle: number, listener: (event: object) => void): void {
    const listeners = this.#listeners.get(handle) ?? new Set()
    this.#listeners.set(handle, listeners.add(listener))
  }

  protected hear(said: Said): void {
    if ('diagnostic' in said) {
      const { error } = said.diagnostic
      const event = { ...said.diagnostic, ...(error && { error: received(error) }) }
      for (const listener of this.#listeners.get(said.handle) ?? []) listener(event)
      return
    }
    const waiting = this.#waiting.get(said.id)
    if (waiting === undefined) return
    this.#waiting.delete(said.id)
    if (this.#waiting.size === 0) this.keepAlive(false)
    if ('error' in said) waiting.reject(received(said.error))
    else waiting.resolve(said.value as never)
  }

  protected fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

function received({ code, operation, message }: SentError): Error {
  return operation === undefined ? new Error(message) : new PersistenceError(code, operation, message)
}
