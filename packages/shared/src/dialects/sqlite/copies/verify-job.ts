import { stat } from 'node:fs/promises'
import { openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { hashFile } from './hash-file.js'
import type { BackupManifest } from './manifest.js'
import { damaged, readFacts, refuseUnsound } from './verify-copy.js'

/** The input of the job `verifyBackup`. */
export interface BackupOrder {
  readonly path: string
  readonly manifest: BackupManifest
}

/** Reads a whole backup and compares it with its manifest. */
export async function verifyBackupJob({ path, manifest }: BackupOrder, context: JobContext): Promise<void> {
  await refuseSidecars(path, 'verifyBackup', 'so it was opened and changed')
  checkHash(path, manifest, 'verifyBackup', context)
  const backup = await openOwn(path, context.engine, { readOnly: true, busyTimeout: 0 })
  try {
    await refuseUnsound(backup.queue, path, 'verifyBackup')
    const found = await readFacts(backup.queue, 'verifyBackup')
    for (const name of ['pages', 'schemaVersion', 'position'] as const) {
      if (found[name] === manifest[name]) continue
      const [its, said] = [found[name] ?? 'none', manifest[name] ?? 'none']
      throw damaged('verifyBackup', path, `its ${name} is ${its}, its manifest says ${said}`)
    }
  } finally {
    await backup.close()
  }
}

/** Compares a file with a manifest. @param named The path in messages. @throws PersistenceError `BACKUP_DAMAGED`. */
export function checkHash(
  path: string,
  manifest: Pick<BackupManifest, 'bytes' | 'sha256'>,
  operation: string,
  { stop }: JobContext,
  named: string = path,
): void {
  const { bytes, sha256 } = hashFile(path, stop)
  if (bytes !== manifest.bytes) {
    throw damaged(operation, named, `it has ${bytes} bytes, its manifest says ${manifest.bytes}`)
  }
  if (sha256 !== manifest.sha256) {
    const why =
      'its sha256 is not that of its manifest; something changed it since, as opening it does; use another backup'
    throw damaged(operation, named, why)
  }
}

/**
 * Refuses a backup with a log or a journal beside it, which its hash does not cover.
 *
 * @param meaning What such a file means, for the message.
 * @throws PersistenceError `BACKUP_DAMAGED`.
 */
export async function refuseSidecars(path: string, operation: string, meaning: string): Promise<void> {
  for (const suffix of ['-wal', '-journal']) {
    const size = await stat(path + suffix).then(
      (found) => found.size,
      () => 0,
    )
    if (size > 0) throw damaged(operation, path, `${path}${suffix} stands beside it, ${meaning}`)
  }
}
