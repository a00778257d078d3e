import { isDeepStrictEqual } from 'node:util'
import type { Checkpoint, CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { callSafely, ignoreReport, type Reporter } from '../errors/reporter.js'
import { AutoSaves } from './auto-saves.js'
import type { CheckpointContext, CheckpointOptions } from './checkpoint-options.js'
import type { ProgressContext } from './progress-context.js'

/** What the checkpoints of one task need. */
export interface CheckpointState<T = unknown> {
  provider: CheckpointProvider
  taskId: string
  /** The checkpoint that the task resumes from. */
  latest?: Checkpoint<T> | undefined
  options?: CheckpointOptions
  /** Its percentage and estimate go into every checkpoint. */
  progress?: ProgressContext
  report?: Reporter
}

/** The checkpoints of one running task, and its end. */
export interface CheckpointSession<T = unknown> extends CheckpointContext<T> {
  /** The context of one more run of the function: its `data` is the newest checkpoint's. Ends the last run's `auto`. */
  nextRun(): CheckpointContext<T>
  /** Ends the automatic saves; resolves when no save is under way. Never rejects. */
  close(): Promise<void>
  /** Closes, and refuses all saves from now on: the next run would resume from them. Never rejects. */
  finish(): Promise<void>
}

/**
 * Saves go out one after the other, so sequences grow in the order of the calls. A save that the function does not
 * wait for cannot become an unhandled rejection: its error is reported.
 */
export function createCheckpointContext<T>(state: CheckpointState<T>): CheckpointSession<T> {
  const { provider, taskId, options = {}, progress, report = ignoreReport } = state
  const { latest } = state
  let sequence = latest?.sequence ?? 0
  let last: Promise<void> | undefined
  /** A copy of the newest checkpoint's data, which nobody else has, so that no later change touches it. */
  let saved = latest && copyOf(latest.data)
  /** The newest checkpoint's data as it was loaded or saved. */
  let newest = latest?.data
  /** Whether a run has it, and may have changed it. */
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
    // Its failure is reported by save itself.
    save: (data) => save(data).catch(() => {}),
    report,
  })
  const run = { save, auto: (snapshot: () => T | PromiseLike<T>) => autoSaves.begin(snapshot) }
  const close = async (): Promise<void> => {
    autoSaves.close()
    await last
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
    close,
    finish() {
      finished = true
      return close()
    },
  }
}

/** A copy for later comparison; `undefined` when the data cannot be copied. */
function copyOf<T>(data: T): { data: T } | undefined {
  try {
    return { data: structuredClone(data) }
  } catch {
    // It holds a function, say. Such data counts as new every time, and the provider decides whether it can store it.
    return undefined
  }
}
