import type { BackupSteps, CopyProgress } from './backup-steps.js'

/** The backup of an engine that calls a callback between two steps, and ends when the callback throws. */
type EngineBackup<Handle> = (
  source: Handle,
  target: string,
  options: { rate: number; progress: (progress: CopyProgress) => void },
) => Promise<unknown>

/** Runs such a backup, controlled by `steps`. */
export async function backupInSteps<Handle>(
  backup: EngineBackup<Handle>,
  source: Handle,
  target: string,
  steps: BackupSteps,
): Promise<void> {
  await backup(source, target, {
    rate: steps.rate,
    progress(progress) {
      const wait = steps.next(progress)
      if (wait > 0) steps.wait(wait)
    },
  })
}
