import { systemClock } from '../../../time/clock.js'
import { EngineThread, type Order } from '../thread/engine-thread.js'
import type { StartWorker } from '../thread/worker.js'

// How long an aborted call waits for its thread, which an engine may block for as long as it copies.
const GRACE_MS = 50

/** A job that a signal may end, and how to remove what it leaves. */
export interface AbortableOrder<Event> extends Order {
  readonly onEvent?: (event: Event) => void
  readonly signal: AbortSignal | undefined
  /** Removes the files of the job. Called again when the thread is gone. */
  readonly tidy?: () => Promise<void>
}

/**
 * Runs a job in a thread.
 *
 * @throws the reason of the signal soon after it has aborted, even while an engine blocks the thread; the error of the job. A job
 *   that has begun what cannot be undone is not ended.
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
  let stopping = false
  const abort = (): void => {
    stopping = thread.stop()
    if (stopping) systemClock.setTimer(leave, GRACE_MS, { keepAlive: true })
  }
  signal?.addEventListener('abort', abort)
  // It may have aborted while the thread was started.
  if (signal?.aborted === true) abort()
  try {
    const answered = await Promise.race([thread.result.then((result) => ({ result })), left])
    if (answered === undefined || stopping) throw signal?.reason
    // Some engines close a file when their thread ends.
    await thread.gone
    return answered.result
  } catch (error) {
    if (stopping) await Promise.race([thread.gone, left])
    else await thread.gone
    await tidy?.()
    // A later backup removes what cannot be removed now.
    void thread.gone.then(tidy).catch(() => undefined)
    throw stopping ? signal?.reason : error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
