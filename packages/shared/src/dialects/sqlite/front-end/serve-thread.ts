import { copyJob } from '../copies/copy-job.js'
import { verifyCopyJob } from '../copies/verify-copy.js'
import { type Job, runJob } from '../thread/run-job.js'
import type { LoadInThread } from '../thread/thread-engine.js'

const JOBS: Readonly<Record<string, Job>> = { backup: copyJob, verifyCopy: verifyCopyJob }

/**
 * Makes a module the thread of a front end: imported in a worker that an adapter started, it does the work for which that
 * was started. Imported elsewhere it does nothing.
 */
export function serveThread<Handle extends object>(load: LoadInThread<Handle>): void {
  void runJob(load, JOBS)
}
