import type { CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { checkResumeOptions } from '../options/check-task-options.js'
import type { CheckpointedTaskOptions, ResumeOptions } from './task-options.js'

/** ms between two looks at the state of a resumed task, unless it says otherwise. */
const RESUMED_INTERVAL = 60_000

/** Of a task that asks for checkpoints in a scope that has no store for them. */
export const noCheckpointProvider = (): Error => new Error('No checkpoint provider configured')

/** The options of the task that goes on with `taskId`. Rejects when it cannot, and with the provider's error. */
export async function resumeFrom<E extends Error, Data>(
  provider: CheckpointProvider | undefined,
  taskId: string,
  resume: ResumeOptions<E, Data>,
): Promise<CheckpointedTaskOptions<E, Data>> {
  checkResumeOptions(resume)
  const { requireExisting = false, ...options } = resume
  if (provider === undefined) throw noCheckpointProvider()
  const found = await provider.loadLatest(taskId)
  if (found === undefined && requireExisting) throw new Error(`No checkpoint found for task ID: ${taskId}`)
  return { ...options, id: taskId, checkpoint: { interval: RESUMED_INTERVAL, ...options.checkpoint } }
}
