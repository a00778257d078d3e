import { type AdapterOptions, resolveOptions } from '../../../adapter/adapter-options.js'
import { untilAborted } from '../../../arguments/abort-signal.js'
import { invalidArgument } from '../../../arguments/invalid.js'
import { isSameFile } from '../file/file-identity.js'
import { refuseLink } from '../file/refuse-link.js'
import { withTypedErrors } from '../thread/typed-error.js'
import type { StartWorker } from '../thread/worker.js'
import type { ResolvedFollowOptions } from './follow-options.js'
import { Standby, type StandbyHost } from './standby.js'
import { StandbyThread } from './standby-thread.js'

/** The file to follow. */
export interface Origin {
  /** Absolute. */
  readonly path: string
  /** The name of the engine to follow with, from its driver. */
  readonly engine: string
}

/**
 * Starts a thread that follows `origin`, and waits until the standby is readable.
 *
 * @param reading The options of the adapter that reads the standby.
 * @param startWorker Starts the thread.
 */
export async function follow<Adapter>(
  origin: Origin,
  { target, every, signal }: ResolvedFollowOptions,
  reading: AdapterOptions,
  startWorker: StartWorker,
  host: StandbyHost<Adapter>,
): Promise<Standby<Adapter>> {
  const { busyTimeout } = resolveOptions(reading)
  signal?.throwIfAborted()
  if (target !== ':memory:') await withTypedErrors('standby.follow', signal, () => refuseTarget(origin.path, target))
  const thread = new StandbyThread(startWorker, origin.engine, { source: origin.path, target, every, busyTimeout })
  const standby = new Standby(thread, target, host, reading)
  const stop = (): void => void standby.stop().catch(() => undefined)
  // Before the wait: a signal that aborts right after the thread has begun would be missed.
  signal?.addEventListener('abort', stop, { once: true })
  void thread.ended.catch(() => undefined).then(() => signal?.removeEventListener('abort', stop))
  try {
    await untilAborted(signal, thread.begun)
  } catch (error) {
    // The thread ends by itself, with the error that the caller receives.
    stop()
    throw error
  }
  return standby
}

async function refuseTarget(source: string, target: string): Promise<void> {
  await refuseLink(target, 'standby.follow')
  if (await isSameFile(target, source))
    throw invalidArgument('standby.follow', `target ${target} is the source itself; name another file`)
}
