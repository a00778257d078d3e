import type { CheckpointProvider } from '@go-go-scope/persistence-core/ports'
import { checkResumeOptions } from '../options/check-task-options.js'
import type { CheckpointedTaskOptions, ResumeOptions } from './task-options.js'

/** Default `interval` of a resumed task in ms. */
const RESUMED_INTERVAL = 60_000

/** Returns the options of the task that resumes `taskId`. Rejects if it cannot resume, and with the provider's error. */
export async function resumeFrom<E extends Error, Data>(
  provider: CheckpointProvider | undefined,
  taskId: string,
  resume: ResumeOptions<E, Data>,
): Promise<CheckpointedTaskOptions<E, Data>> {
  checkResumeOptions(resume)
  const { requireExisting = false, ...options } = resume
  if (provider === undefined) throw new Error('No checkpoint provider configured')
  const found = await provider.loadLatest(taskId)
  if (found === undefined && requireExisting) throw new Error(`No checkpoint found for task ID: ${taskId}`)
  return { ...options, id: taskId, checkpoint: { interval: RESUMED_INTERVAL, ...options.checkpoint } }
}
