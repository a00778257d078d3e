import { resolveFilePath } from '../file/check-path.js'
import { refuseOpenHere } from '../file/open-here.js'
import { refuseNoFile } from '../file/refuse-link.js'
import { withTypedErrors } from '../thread/typed-error.js'
import type { Backup } from './backup.js'
import { chooseEngine, type EngineChoice, type FileOptions } from './engine-choice.js'
import { readManifest } from './manifest.js'
import type { BackupOrder } from './verify-job.js'
import { withThread } from './with-thread.js'

/** Reads and checks a whole backup; see `verifyBackup` of the front ends. */
export async function verifyBackup<Options extends object>(
  choice: EngineChoice<Options>,
  path: string,
  given?: Options & FileOptions,
): Promise<Backup> {
  const backup = resolveFilePath(path, 'verifyBackup')
  const { options, engine, worker } = await chooseEngine(choice, given, 'verifyBackup')
  return withTypedErrors('verifyBackup', options.signal, async () => {
    const manifest = await readManifest(backup, 'verifyBackup')
    await refuseNoFile(backup, 'verifyBackup')
    await refuseOpenHere(backup, 'verifyBackup')
    const input: BackupOrder = { path: backup, manifest }
    await withThread(worker, { engine, job: 'verifyBackup', input, signal: options.signal })
    return { path: backup, ...manifest }
  })
}
