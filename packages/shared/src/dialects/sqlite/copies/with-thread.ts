import { systemClock } from '../../../time/clock.js'
import { EngineThread, type Order } from '../thread/engine-thread.js'
import type { StartWorker } from '../thread/worker.js'

// How long an aborted call waits for its thread, which an engine may hold for as long as it copies.
const GRACE_MS = 50

/** A job that a signal may end, and who has to tidy up after it. */
export interface AbortableOrder<Event> extends Order {
  readonly onEvent?: (event: Event) => void
  readonly signal: AbortSignal | undefined
  /** Removes what the job has made; called again when the thread is gone, if it had to be left. */
  readonly tidy: () => Promise<void>
}

/**
 * Runs a job in a thread.
 *
 * @throws the reason of the signal soon after that has aborted, whatever the thread is held by; what the job throws.
 */
export async function withThread<Event, Result>(
  start: StartWorker,
  { onEvent, signal, tidy, ...order }: AbortableOrder<Event>,
): Promise<Result> {
  signal?.throwIfAborted()
  const thread = new EngineThread<Event, Result>(start, order, onEvent)
  let leave: () => void = () => undefined
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  const abort = (): void => {
    thread.stop()
    systemClock.setTimer(leave, GRACE_MS, { keepAlive: true })
  }
  signal?.addEventListener('abort', abort)
  // As it was started.
  if (signal?.aborted === true) abort()
  try {
    const answered = await Promise.race([thread.result.then((result) => ({ result })), left])
    if (answered === undefined || signal?.aborted === true) throw signal?.reason
    // Some engines close a file when their thread ends.
    await thread.gone
    return answered.result
  } catch (error) {
    // With a second library it stays; see run-job.ts.
    if (signal?.aborted === true) await Promise.race([thread.gone, left])
    else if ((error as { code?: unknown }).code !== 'SECOND_LIBRARY') await thread.gone
    await tidy()
    // What cannot be removed is swept by a later backup.
    void thread.gone.then(tidy).catch(() => undefined)
    throw signal?.aborted === true ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
