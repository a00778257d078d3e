import { type Job, runJob } from '../thread/run-job.js'
import type { LoadInThread } from '../thread/thread-engine.js'
import { engineJob } from '../threaded-engine/engine-job.js'

/**
 * Makes a module the thread of a front end: imported in a worker that an adapter started, it does the work for which that
 * was started. Imported elsewhere it does nothing.
 */
export function serveThread<Handle extends object>(load: LoadInThread<Handle>): void {
  void runJob(load, findJob)
}

async function findJob(name: string): Promise<Job | undefined> {
  if (name === 'engine') return engineJob
  // The others need most of the core, which takes longer to load than the rest of a thread to start.
  const { FILE_JOBS } = await import('./file-jobs.js')
  return FILE_JOBS[name]
}
