import type { CheckpointProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import { checkResumeOptions } from '../options/check-task-options.js'
import type { TaskOptions } from '../task/task-options.js'

/** ms between two looks at the state of a resumed task, unless it says otherwise. */
const RESUMED_INTERVAL = 60_000

export interface ResumeOptions<E extends Error = Error> extends TaskOptions<E> {
  /** Reject when no checkpoint is stored instead of starting fresh. Default `false`. */
  requireExisting?: boolean
}

/** The options of the task that goes on with `taskId`. Rejects when it cannot, and with the provider's error. */
export async function resumeFrom<E extends Error>(
  provider: CheckpointProvider | undefined,
  taskId: string,
  resume: ResumeOptions<E>,
): Promise<TaskOptions<E>> {
  checkResumeOptions(resume)
  const { requireExisting = false, ...options } = resume
  if (provider === undefined) throw new Error('No checkpoint provider configured')
  const found = await provider.loadLatest(taskId)
  if (found === undefined && requireExisting) throw new Error(`No checkpoint found for task ID: ${taskId}`)
  return { ...options, id: taskId, checkpoint: { interval: RESUMED_INTERVAL, ...options.checkpoint } }
}
