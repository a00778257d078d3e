import { Worker } from 'node:worker_threads'
import type { StartWorker, WorkerLike } from '@go-go-scope/persistence-core'
import { threadModule } from '../../thread/threaded.js'

interface Started {
  readonly job: string
  readonly input: { readonly readOnly?: boolean; readonly settings?: readonly string[] }
}

/** One thread that an adapter has started, and what it was told. */
export class WatchedThread implements WorkerLike {
  readonly job: string
  readonly input: Started['input']
  /** The first words of what it was told. */
  readonly told: unknown[] = []
  readonly worker: Worker
  #held: unknown[] | undefined
  #refusal: Error | undefined

  constructor(options: { workerData: unknown }) {
    const { job, input } = (options.workerData as { goGoScope: Started }).goGoScope
    this.job = job
    this.input = input
    this.worker = new Worker(threadModule, options)
  }

  /** Keeps back what it is told from now on. */
  hold(): void {
    this.#held ??= []
  }

  /** Tells it what was kept back. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const message of held) this.worker.postMessage(message)
  }

  /** Has the next message fail as one does that cannot be cloned. */
  refuseNext(): void {
    this.#refusal = new DOMException('it could not be cloned', 'DataCloneError')
  }

  postMessage(message: unknown): void {
    const refusal = this.#refusal
    this.#refusal = undefined
    if (refusal !== undefined) throw refusal
    this.told.push(message)
    if (this.#held === undefined) this.worker.postMessage(message)
    else this.#held.push(message)
  }

  on(event: string, listener: (given: never) => void): void {
    this.worker.on(event, listener as (given: unknown) => void)
  }

  ref(): void {
    this.worker.ref()
  }

  unref(): void {
    this.worker.unref()
  }

  /** Ends it from outside. */
  async end(): Promise<void> {
    await this.worker.terminate()
  }
}

/** All threads that an adapter starts, as the option `worker` takes it. */
export class WatchedThreads {
  readonly all: WatchedThread[] = []

  readonly start: StartWorker = (options) => {
    const thread = new WatchedThread(options)
    this.all.push(thread)
    return thread
  }

  /** The last one that has the connection for writing. */
  get engine(): WatchedThread {
    return this.all.findLast(({ job, input }) => job === 'engine' && !input.readOnly) as WatchedThread
  }

  get readers(): WatchedThread[] {
    return this.all.filter(({ job, input }) => job === 'engine' && input.readOnly)
  }
}
