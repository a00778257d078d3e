import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { StartWorker, WorkerLike } from '@go-go-scope/persistence-core'

/**
 * One thread that stands for all that an adapter starts, for tests that are not about its start or its end, which take most
 * of the time of a test. The front end's module of the thread runs in it for each job anew. On Node alone; see jobs.mjs.
 */
export class SharedThread {
  readonly #module: URL
  readonly #worker = new Worker(new URL('jobs.mjs', import.meta.url))

  /** @param module The export `./thread` of a front end. */
  constructor(module: URL) {
    this.#module = module
    this.#worker.unref()
  }

  readonly start: StartWorker = ({ workerData }) => {
    const { port1, port2 } = new MessageChannel()
    this.#worker.postMessage({ module: this.#module.href, port: port2, workerData }, [port2])
    return new Job(port1)
  }
}

class Job implements WorkerLike {
  readonly #port: MessagePort

  constructor(port: MessagePort) {
    this.#port = port
  }

  postMessage(message: unknown): void {
    this.#port.postMessage(message)
  }

  on(event: string, listener: (given: never) => void): void {
    // A thread that has done its work closes its port, and so does its end.
    this.#port.on(event === 'exit' ? 'close' : event, listener as () => void)
  }

  ref(): void {
    this.#port.ref()
  }

  unref(): void {
    this.#port.unref()
  }
}
