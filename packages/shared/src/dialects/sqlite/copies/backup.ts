import { resolve } from 'node:path'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Session } from '../../../session/session.js'
import type { CopyProgress } from '../engine/backup-steps.js'
import { checkFilePath } from '../file/check-path.js'
import { typedError } from '../thread/typed-error.js'
import type { StartWorker } from '../thread/worker.js'
import { type BackupOptions, backupOptions, type ResolvedBackupOptions } from './backup-options.js'
import { readContent } from './content.js'
import type { Copied, CopyOrder } from './copy-job.js'
import { type BackupManifest, manifestPath, manifestText } from './manifest.js'
import { flushFolder, publish, refuseExisting, unpublish } from './publish.js'
import { TemporaryFile } from './temporary-file.js'
import type { VerifyOrder } from './verify-copy.js'
import { withThread } from './with-thread.js'

/** The answer of `backup`. */
export interface Backup extends BackupManifest {
  readonly path: string
}

/** Copies the database under a session into the file `path`; see `SqliteAdapter.backup`. */
export async function backUp(
  session: Session,
  startWorker: StartWorker | undefined,
  path: string,
  given?: BackupOptions,
): Promise<Backup> {
  const options = backupOptions(given)
  checkFilePath(path, 'backup')
  const { signal, worker = startWorker } = options
  signal?.throwIfAborted()
  if (!session.ready) await session.connect('backup')
  if (worker === undefined) throw withoutThread(session.connection.engine)
  try {
    return await copyTo(resolve(path), session, worker, options)
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw error
    throw typedError(error, 'backup')
  }
}

async function copyTo(
  path: string,
  session: Session,
  worker: StartWorker,
  options: ResolvedBackupOptions,
): Promise<Backup> {
  const { clock } = session
  const startedAt = clock.now()
  const began = clock.monotonic()
  await refuseExisting(path, 'backup')
  await refuseExisting(manifestPath(path), 'backup')
  const temporary = await TemporaryFile.beside(path)
  try {
    const copied = await copyInto(temporary, session, worker, options)
    const manifest: BackupManifest = { ...copied, startedAt, milliseconds: Math.round(clock.monotonic() - began) }
    options.signal?.throwIfAborted()
    await publishBackup(temporary, manifest, path)
    return { path, ...manifest }
  } finally {
    await temporary.remove()
  }
}

async function copyInto(
  temporary: TemporaryFile,
  session: Session,
  worker: StartWorker,
  { progress, signal, rate, maxBytesPerSecond, maxWalBytes }: ResolvedBackupOptions,
): Promise<Copied> {
  const { connection, queue, diagnostics } = session
  const { engine, place } = connection
  const tidy = () => temporary.remove()
  if (place.location === '') {
    // No other connection can reach a database in memory.
    const { pages: _, ...content } = await readContent(queue, 'backup')
    await queue.query('backup', 'VACUUM INTO ?1', [temporary.path])
    const input: VerifyOrder = { path: temporary.path, content }
    return withThread(worker, { engine, job: 'verifyCopy', input, signal, tidy })
  }
  const input: CopyOrder = { source: place.location, target: temporary.path, rate, maxBytesPerSecond, maxWalBytes }
  const onEvent = (event: CopyProgress): void => {
    try {
      if (signal?.aborted !== true) progress?.(event)
    } catch (error) {
      diagnostics.emit({ type: 'listener-error', operation: 'backup', error })
    }
  }
  return withThread(worker, { engine, job: 'backup', input, onEvent, signal, tidy })
}

/**
 * Gives a backup its name. The manifest comes first: a death in between leaves a manifest without a backup, and not a
 * backup that cannot be verified.
 */
async function publishBackup(temporary: TemporaryFile, manifest: BackupManifest, path: string): Promise<void> {
  const note = await TemporaryFile.beside(path)
  try {
    await note.write(manifestText(manifest))
    await publish(note.path, manifestPath(path), 'backup')
    try {
      await flushFolder(path)
      await publish(temporary.path, path, 'backup')
    } catch (error) {
      await unpublish(note.path, manifestPath(path))
      throw error
    }
    await flushFolder(path)
  } finally {
    await note.remove()
  }
}

function withoutThread(engine: string): PersistenceError {
  return new PersistenceError(
    'ENGINE_UNSUPPORTED',
    'backup',
    `backup: the front end for ${engine} has no thread to copy in; pass worker, or use one that has`,
  )
}
