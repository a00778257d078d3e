import { copyJob } from '../copies/copy-job.js'
import { restoreJob } from '../copies/restore-job.js'
import { hashCopyJob, verifyCopyJob } from '../copies/verify-copy.js'
import { verifyBackupJob } from '../copies/verify-job.js'
import { followJob } from '../standby/follow-job.js'
import { type Job, runJob } from '../thread/run-job.js'
import type { LoadInThread } from '../thread/thread-engine.js'
import { engineJob } from '../threaded-engine/engine-job.js'

const JOBS: Readonly<Record<string, Job>> = {
  backup: copyJob,
  verifyCopy: verifyCopyJob,
  hashCopy: hashCopyJob,
  verifyBackup: verifyBackupJob,
  restore: restoreJob,
  'standby.follow': followJob,
  engine: engineJob,
}

/**
 * Makes a module the thread of a front end: imported in a worker that an adapter started, it does the work for which that
 * was started. Imported elsewhere it does nothing.
 */
export function serveThread<Handle extends object>(load: LoadInThread<Handle>): void {
  void runJob(load, JOBS)
}
