import type { Checkpoint, CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { callSafely, type Reporter } from '../errors/reporter.js'
import { perProvider } from '../resource/per-provider.js'
import type { CheckpointContext, CheckpointOptions } from './checkpoint-options.js'
import { type CheckpointSession, createCheckpointContext } from './create-checkpoint-context.js'
import { createProgressContext, type ProgressContext } from './progress-context.js'

/** The checkpoints of one running task. */
export interface TaskCheckpoints {
  /** Returns the context parts for the next run of the function. */
  nextRun(): { checkpoint: CheckpointContext; progress: ProgressContext }
  /** Removes the checkpoints after a success. Never rejects. */
  complete(): Promise<void>
  /** Ends the automatic saves and waits for running ones. Never rejects. */
  close(): Promise<void>
  /** The function has ended, which may be long after its task, and saves nothing any more. */
  leave(): void
}

/** Of each task id the function that supersedes the task that began last. It is there until that task's function has ended. */
const supersedesOf = perProvider(() => new Map<string, () => Promise<void>>())

/** Loads the newest checkpoint and calls `onResume` with it. Rejects with the provider's error. */
export async function openTaskCheckpoints(
  provider: CheckpointProvider,
  taskId: string,
  options: CheckpointOptions,
  report: Reporter,
): Promise<TaskCheckpoints> {
  let session: CheckpointSession | undefined
  let [closed, superseded] = [false, false]
  const supersedes = supersedesOf(provider)
  // A function that continues after its task has ended may save a last state, and the next task of the id resumes from it. Once
  // that task has begun, it may succeed and remove its checkpoints; the task after it would resume from a state saved later.
  const before = supersedes.get(taskId)?.()
  /** Refuses saves once the task has ended. Resolves when no save is running, including those of tasks that began earlier. */
  const supersede = async (): Promise<void> => {
    superseded = true
    await Promise.all([before, closed ? session?.finish() : session?.idle()])
  }
  const leave = (): void => {
    if (supersedes.get(taskId) === supersede) supersedes.delete(taskId)
  }
  // Before anything is awaited, so that no save is called between the load and this.
  supersedes.set(taskId, supersede)
  let latest: Checkpoint | undefined
  try {
    // What was called earlier must be stored before the load, or it would be stored behind what this task saves or removes.
    if (before !== undefined) await before
    latest = await provider.loadLatest(taskId)
  } catch (error) {
    leave()
    throw error
  }
  const progress = createProgressContext(latest?.progress, report)
  const opened = createCheckpointContext({ provider, taskId, latest, options, progress, report })
  session = opened
  if (latest !== undefined) callSafely(report, 'checkpoint.onResume', () => options.onResume?.(latest))
  return {
    nextRun: () => ({ checkpoint: opened.nextRun(), progress }),
    async complete() {
      // First, because the next run would resume from a checkpoint that is saved after the removal.
      await opened.finish()
      try {
        await provider.deleteAll(taskId)
      } catch (error) {
        report('checkpoint.deleteAll', error)
      }
    },
    close() {
      closed = true
      return superseded ? opened.finish() : opened.close()
    },
    leave,
  }
}
