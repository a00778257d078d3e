/** The members of a `Worker` of node:worker_threads that are used. */
export interface WorkerLike {
  postMessage(message: unknown): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  ref(): void
  unref(): void
}

/**
 * Starts the module `thread` of a front end as a worker. An app that is bundled into one file passes its own, which starts
 * a bundle of that module.
 *
 * @param options Of the worker, as they are.
 */
export type StartWorker = (options: { workerData: unknown }) => WorkerLike
