import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { errorForm } from '../../../errors/error-form.js'
import { failureOf } from '../../../errors/failure-of.js'
import type { PersistenceError } from '../../../errors/persistence-error.js'
import { keepsHandles } from '../file/kept-open.js'
import type { ThreadData, ThreadMessage } from './engine-thread.js'
import { StopFlag } from './stop-flag.js'
import type { LoadInThread, ThreadEngine } from './thread-engine.js'
import { typedError } from './typed-error.js'

/** What a job receives besides its input. */
export interface JobContext {
  readonly engine: ThreadEngine<object>
  readonly stop: StopFlag
  /** Sends an event to the owner of the thread. */
  tell(event: unknown): void
  /** Calls `listener` with each message of the owner, and with `undefined` when the job is to stop. */
  listen(listener: (message: unknown) => void): void
}

/**
 * The work of one thread. Input and result are structurally cloned. When it settles, it has closed its connections. It ends soon
 * after {@link StopFlag.requested} becomes true.
 */
export type Job = (input: never, context: JobContext) => Promise<unknown>

/** Runs the job for which this thread was started. Does nothing in a thread that no adapter started. */
export async function runJob(
  load: LoadInThread<object>,
  findJob: (name: string) => Promise<Job | undefined>,
): Promise<void> {
  const data = (workerData as { goGoScope?: ThreadData } | null)?.goGoScope
  const port = parentPort
  if (isMainThread || port === null || data === undefined) return
  const stop = new StopFlag(data.memory)
  if (!stop.start()) return
  const post = (message: ThreadMessage): void => port.postMessage(message)
  try {
    const run = await findJob(data.job)
    if (run === undefined) throw new Error(`the thread knows no job ${data.job}`)
    const engine = await load(data.engine)
    const tell = (event: unknown): void => post({ event })
    const listen = (listener: (message: unknown) => void): void => void port.on('message', listener)
    const result = await run(data.input as never, { engine, stop, tell, listen })
    post({ result, stays: keepsHandles() })
  } catch (cause) {
    post({ error: errorForm(namedAfter(data, cause)), stays: keepsHandles() })
  } finally {
    stop.finish()
  }
  if (keepsHandles()) port.on('message', () => undefined)
  else port.close()
}

/** Returns the typed error. It names the operation that the app has called, also if a file could not be opened. */
function namedAfter({ job, operation = job }: ThreadData, cause: unknown): PersistenceError {
  const error = typedError(cause, operation)
  return /^(open|connect)$/.test(error.operation) ? failureOf(error, operation) : error
}
