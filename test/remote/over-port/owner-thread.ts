import { Worker } from 'node:worker_threads'
import { PersistenceError } from '@go-go-scope/persistence-core'

interface Answer {
  id?: number
  value?: unknown
  error?: { code: never; operation?: string; message: string }
  handle?: number
  diagnostic?: { error?: { code: never; operation: string; message: string } }
}

/** The thread that owns the databases of a cell over a port, and takes orders. */
export class OwnerThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: unknown) => void }>()
  readonly listeners = new Map<number, Set<(event: object) => void>>()
  #last = 0

  /** @param engine The module of the engine. */
  constructor(engine: URL) {
    this.#worker = new Worker(new URL('owner-thread.mjs', import.meta.url), {
      workerData: { engine: engine.href, remote: import.meta.resolve('@go-go-scope/persistence-core/remote') },
    })
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#take(answer))
  }

  order<Value>(order: string, given: object): Promise<Value> {
    const id = ++this.#last
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, order, ...given })
    })
  }

  /** Has the timers of the owner fire that are due by the clocks of the tests. */
  tick(): void {
    this.#worker.postMessage({ id: 0, order: 'tick' })
  }

  #take({ id, value, error, handle, diagnostic }: Answer): void {
    if (diagnostic !== undefined) {
      const event = { ...diagnostic, ...(diagnostic.error && { error: revived(diagnostic.error) }) }
      for (const listener of this.listeners.get(handle as number) ?? []) listener(event)
      return
    }
    const waiting = this.#waiting.get(id as number)
    this.#waiting.delete(id as number)
    if (this.#waiting.size === 0) this.#worker.unref()
    if (error !== undefined) waiting?.reject(revived(error))
    else waiting?.resolve(value as never)
  }
}

function revived({ code, operation, message }: NonNullable<Answer['error']>): Error {
  return operation === undefined ? new Error(message) : new PersistenceError(code, operation, message)
}
