import { isDeepStrictEqual } from 'node:util'
import type { Checkpoint, CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { callSafely, ignoreReport, type Reporter } from '../errors/reporter.js'
import { AutoSaves } from './auto-saves.js'
import type { CheckpointContext, CheckpointOptions } from './checkpoint-options.js'
import type { ProgressContext } from './progress-context.js'

/** The dependencies of one task's checkpoints. */
export interface CheckpointState<T = unknown> {
  provider: CheckpointProvider
  taskId: string
  /** The checkpoint that the task resumes from. */
  latest?: Checkpoint<T> | undefined
  options?: CheckpointOptions
  /** Its percentage and estimate are stored in every checkpoint. */
  progress?: ProgressContext
  report?: Reporter
}

/** The checkpoints of one running task. */
export interface CheckpointSession<T = unknown> extends CheckpointContext<T> {
  /** Returns the context for another run of the function, with the newest data. Ends the `auto` of the last run. */
  nextRun(): CheckpointContext<T>
  /** Resolves when every save that was called before has ended. Never rejects. */
  idle(): Promise<void>
  /** Ends the automatic saves. Resolves when no save is running. Never rejects. */
  close(): Promise<void>
  /** Closes and refuses all later saves, because the next run would resume from them. Never rejects. */
  finish(): Promise<void>
}

/**
 * Makes the checkpoints of one task. Saves run one after the other, so sequences grow in the order of the calls. A save
 * that is not awaited cannot cause an unhandled rejection, because its error is reported.
 */
export function createCheckpointContext<T>(state: CheckpointState<T>): CheckpointSession<T> {
  const { provider, taskId, options = {}, progress, report = ignoreReport } = state
  const { latest } = state
  let sequence = latest?.sequence ?? 0
  let last: Promise<void> | undefined
  /** A private copy of the newest checkpoint's data, which later changes by the task do not affect. */
  let saved = latest && copyOf(latest.data)
  /** The newest checkpoint's data as it was loaded or saved. */
  let newest = latest?.data
  /** Whether a run has `newest` and may have modified it. */
  let shared = false
  let finished = false

  const write = async (data: T): Promise<void> => {
    const { percentage = 0, eta } = progress?.get() ?? {}
    const timestamp = Date.now()
    const checkpoint: Checkpoint<T> = {
      id: `${taskId}-${timestamp}-${sequence + 1}`,
      taskId,
      sequence: sequence + 1,
      timestamp,
      progress: percentage,
      data,
      ...(eta !== undefined && { estimatedTimeRemaining: eta }),
    }
    const copy = copyOf(data)
    await provider.save(checkpoint)
    sequence++
    saved = copy
    newest = data
    shared = true
    await provider.cleanup(taskId, options.maxCheckpoints ?? 10)
    callSafely(report, 'checkpoint.onCheckpoint', () => options.onCheckpoint?.(checkpoint))
  }
  const refuse = async (): Promise<void> => {
    throw new Error(`task '${taskId}' has succeeded or was begun anew: this run of it saves no more checkpoints`)
  }
  const save = (data: T): Promise<void> => {
    const turn = finished ? refuse : () => write(data)
    const done = last === undefined ? turn() : last.then(turn)
    const settled = done
      .catch((error: unknown) => report('checkpoint.save', error))
      .then(() => {
        if (last === settled) last = undefined
      })
    last = settled
    return done
  }
  const autoSaves = new AutoSaves<T>({
    interval: options.interval,
    isNew: (data) => saved === undefined || !isDeepStrictEqual(saved.data, data),
    // `save` itself reports a failure.
    save: (data) => save(data).catch(() => {}),
    report,
  })
  const run = { save, auto: (snapshot: () => T | PromiseLike<T>) => autoSaves.begin(snapshot) }
  const idle = async (): Promise<void> => last
  const close = (): Promise<void> => {
    autoSaves.close()
    return idle()
  }
  return {
    ...run,
    data: latest?.data,
    nextRun() {
      autoSaves.stop()
      if (shared && saved !== undefined) newest = structuredClone(saved.data)
      shared = true
      return { ...run, data: newest }
    },
    idle,
    close,
    finish() {
      finished = true
      return close()
    },
  }
}

/** Returns a copy for later comparison; `undefined` if the data cannot be cloned. */
function copyOf<T>(data: T): { data: T } | undefined {
  try {
    return { data: structuredClone(data) }
  } catch {
    // For example, the data holds a function. Such data always counts as new. The provider decides whether it can store it.
    return undefined
  }
}
