import { Worker } from 'node:worker_threads'
import type { StartWorker, WorkerLike } from '@go-go-scope/persistence-core'
import { threadModule } from '../../thread/threaded.js'

interface Started {
  readonly job: string
  readonly input: { readonly readOnly?: boolean; readonly settings?: readonly string[] }
}

/** A thread that an adapter started, and the messages to it. */
export class WatchedThread implements WorkerLike {
  readonly job: string
  readonly input: Started['input']
  /** The first item of each message to it. */
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

  /** Holds back further messages to it. */
  hold(): void {
    this.#held ??= []
  }

  /** Sends the held messages. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const message of held) this.worker.postMessage(message)
  }

  /** Makes the next message fail like one that cannot be cloned. */
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

/** All threads that an adapter starts; its option `worker`. */
export class WatchedThreads {
  readonly all: WatchedThread[] = []

  readonly start: StartWorker = (options) => {
    const thread = new WatchedThread(options)
    this.all.push(thread)
    return thread
  }

  /** The latest thread with the writing connection. */
  get engine(): WatchedThread {
    return this.all.findLast(({ job, input }) => job === 'engine' && !input.readOnly) as WatchedThread
  }

  get readers(): WatchedThread[] {
    return this.all.filter(({ job, input }) => job === 'engine' && input.readOnly)
  }
}
