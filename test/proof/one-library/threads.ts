import { Worker } from 'node:worker_threads'
import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'

/** A worker thread with its own adapter. */
export class Thread {
  readonly #worker: Worker

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  static async start(engine: EngineUnderTest): Promise<Thread> {
    const script = new URL('./thread.mjs', import.meta.url)
    const thread = new Thread(new Worker(script, { workerData: { module: engine.module.href } }))
    await thread.#answer()
    return thread
  }

  /** Opens the file and writes; resolves to `done` or to the code of the refusal. */
  open(path: string): Promise<string> {
    return this.#ask(path)
  }

  /** Disconnects and ends the thread. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    await this.#ask(null)
    await ended
  }

  #ask(message: string | null): Promise<string> {
    const answer = this.#answer()
    this.#worker.postMessage(message)
    return answer
  }

  #answer(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#worker.once('message', resolve)
      this.#worker.once('error', reject)
    })
  }
}
