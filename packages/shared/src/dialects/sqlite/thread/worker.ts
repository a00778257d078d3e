/** The used members of a `Worker` of node:worker_threads. */
export interface WorkerLike {
  postMessage(message: unknown): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  ref(): void
  unref(): void
}

/**
 * Starts the module `thread` of a front end as a worker. An app that is bundled into one file passes its own function, which
 * starts a bundle of that module.
 *
 * @param options Pass these options to the worker unchanged.
 */
export type StartWorker = (options: {
  workerData: unknown
  execArgv?: string[]
  env?: Record<string, string | undefined>
}) => WorkerLike
