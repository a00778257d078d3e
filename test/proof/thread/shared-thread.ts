import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { StartWorker, WorkerLike } from '@go-go-scope/persistence-core'

/**
 * One thread instead of all that an adapter starts, for tests that do not examine its start or its end, which take most of a
 * test's time. The front end's module is evaluated in it for each job. Only on Node; see jobs.mjs.
 */
export class SharedThread {
  readonly #module: URL
  readonly #worker = new Worker(new URL('jobs.mjs', import.meta.url))

  /** @param module the export `./thread` of a front end */
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
    // A thread closes its port when its work is done, which stands for its exit.
    this.#port.on(event === 'exit' ? 'close' : event, listener as () => void)
  }

  ref(): void {
    this.#port.ref()
  }

  unref(): void {
    this.#port.unref()
  }
}
