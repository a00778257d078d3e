import { copyJob } from '../copies/copy-job.js'
import { restoreJob } from '../copies/restore-job.js'
import { hashCopyJob, verifyCopyJob } from '../copies/verify-copy.js'
import { verifyBackupJob } from '../copies/verify-job.js'
import { followJob } from '../standby/follow-job.js'
import type { Job } from '../thread/run-job.js'

/** The jobs that a thread does on files, with its own connections. */
export const FILE_JOBS: Readonly<Record<string, Job>> = {
  backup: copyJob,
  verifyCopy: verifyCopyJob,
  hashCopy: hashCopyJob,
  verifyBackup: verifyBackupJob,
  restore: restoreJob,
  'standby.follow': followJob,
}
