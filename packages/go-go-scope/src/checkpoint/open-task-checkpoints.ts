import type { CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { callSafely, type Reporter } from '../errors/reporter.js'
import { perProvider } from '../resource/per-provider.js'
import type { CheckpointContext, CheckpointOptions } from './checkpoint-options.js'
import { createCheckpointContext } from './create-checkpoint-context.js'
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

/** For each task id what supersedes the task that was begun last, until its function has ended. */
const supersedesOf = perProvider(() => new Map<string, () => void>())

/** Loads the newest checkpoint and calls `onResume` with it. Rejects with the provider's error. */
export async function openTaskCheckpoints(
  provider: CheckpointProvider,
  taskId: string,
  options: CheckpointOptions,
  report: Reporter,
): Promise<TaskCheckpoints> {
  const latest = await provider.loadLatest(taskId)
  const progress = createProgressContext(latest?.progress, report)
  const session = createCheckpointContext({ provider, taskId, latest, options, progress, report })
  let [closed, superseded] = [false, false]
  // A function that continues after its task has ended may save a last state, from which the next task of the id resumes. Once
  // that task has begun, such a save is refused: that task may end earlier, and the one after it would resume from the old state.
  const supersede = (): void => {
    superseded = true
    if (closed) void session.finish()
  }
  const supersedes = supersedesOf(provider)
  supersedes.get(taskId)?.()
  supersedes.set(taskId, supersede)
  if (latest !== undefined) callSafely(report, 'checkpoint.onResume', () => options.onResume?.(latest))
  return {
    nextRun: () => ({ checkpoint: session.nextRun(), progress }),
    async complete() {
      // First, because the next run would resume from a checkpoint that is saved after the removal.
      await session.finish()
      try {
        await provider.deleteAll(taskId)
      } catch (error) {
        report('checkpoint.deleteAll', error)
      }
    },
    close() {
      closed = true
      return superseded ? session.finish() : session.close()
    },
    leave() {
      if (supersedes.get(taskId) === supersede) supersedes.delete(taskId)
    },
  }
}
