import { Worker } from 'node:worker_threads'
import { PersistenceError } from '@go-go-scope/persistence-core'
import type { EngineUnderTest } from '../engine-under-test.js'
import type { Orders, Said, SentError } from './orders.js'

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** The thread that owns the databases of a cell over a port, and takes orders. Does not keep the process alive. */
export class OwnerThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  /** Of the diagnostics of each handle. */
  readonly #listeners = new Map<number, Set<(event: object) => void>>()
  #last = 0

  constructor(engine: EngineUnderTest) {
    this.#worker = new Worker(new URL('owner.js', import.meta.url), { workerData: engine.module.href })
    this.#worker.unref()
    this.#worker.on('message', (said: Said) => this.#hear(said))
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
  }

  order<Order extends keyof Orders>(order: Order, given: Parameters<Orders[Order]>[0]): ReturnType<Orders[Order]> {
    const id = ++this.#last
    if (this.#waiting.size === 0) this.#worker.ref()
    return new Promise<never>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, order, given })
    }) as ReturnType<Orders[Order]>
  }

  /** Has `listener` hear the diagnostics of the owner's adapters on the handle. */
  listen(handle: number, listener: (event: object) => void): void {
    const listeners = this.#listeners.get(handle) ?? new Set()
    this.#listeners.set(handle, listeners.add(listener))
  }

  #hear(said: Said): void {
    if ('diagnostic' in said) {
      const { error } = said.diagnostic
      const event = { ...said.diagnostic, ...(error && { error: received(error) }) }
      for (const listener of this.#listeners.get(said.handle) ?? []) listener(event)
      return
    }
    const waiting = this.#waiting.get(said.id)
    this.#waiting.delete(said.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('error' in said) waiting?.reject(received(said.error))
    else waiting?.resolve(said.value as never)
  }
}

function received({ code, operation, message }: SentError): Error {
  return operation === undefined ? new Error(message) : new PersistenceError(code, operation, message)
}
