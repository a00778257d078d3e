import { type Job, runJob } from '../thread/run-job.js'
import type { LoadInThread } from '../thread/thread-engine.js'
import { engineJob } from '../threaded-engine/engine-job.js'

/**
 * Turns a module into the thread of a front end: in a worker that an adapter started, it runs the job of that worker. Imported
 * anywhere else, it does nothing.
 */
export function serveThread<Handle extends object>(load: LoadInThread<Handle>): void {
  void runJob(load, findJob)
}

async function findJob(name: string): Promise<Job | undefined> {
  if (name === 'engine') return engineJob
  // The other jobs need most of the core, which takes longer to load than the rest of a thread takes to start.
  const { FILE_JOBS } = await import('./file-jobs.js')
  return FILE_JOBS[name]
}
