import { anySignal } from '../../../arguments/abort-signal.js'
import type { Session } from '../../../session/session.js'
import type { CopyProgress } from '../engine/backup-steps.js'
import { resolveNewFilePath } from '../file/check-path.js'
import { SqlitePlace } from '../sqlite-place.js'
import { withTypedErrors } from '../thread/typed-error.js'
import type { StartWorker } from '../thread/worker.js'
import { type BackupOptions, backupOptions, type ResolvedBackupOptions } from './backup-options.js'
import type { BackupSource } from './backup-source.js'
import { readContent } from './content.js'
import type { Copied, CopyOrder } from './copy-job.js'
import { withoutThread } from './engine-choice.js'
import type { HashedFile } from './hash-file.js'
import { type BackupManifest, manifestPath, manifestText } from './manifest.js'
import { flushFolder, publish, refuseExisting, type Unpublish } from './publish.js'
import { TemporaryFile } from './temporary-file.js'
import { type CopyToHash, type HashOrder, LARGE_BYTES, type Verified, type VerifyOrder } from './verify-copy.js'
import { withThread } from './with-thread.js'

/** The result of `backup`. */
export interface Backup extends BackupManifest {
  readonly path: string
}

type Mark = Partial<Pick<BackupManifest, 'scheduledFor' | 'startedAt'>>

/**
 * Copies the database of an adapter into the file `path`; see `SqliteAdapter.backup`.
 *
 * @param mark Fields of the manifest that the caller sets.
 */
export async function backUp(
  { session, startWorker }: BackupSource,
  path: string,
  given?: BackupOptions,
  mark: Mark = {},
): Promise<Backup> {
  const options = backupOptions(given)
  const target = resolveNewFilePath(path, 'backup')
  const { signal, worker = startWorker } = options
  signal?.throwIfAborted()
  if (!session.ready) await session.connect('backup')
  if (worker === undefined) throw withoutThread(session.connection.engine, 'backup')
  return withTypedErrors('backup', signal, () => copyTo(target, session, worker, options, mark))
}

async function copyTo(
  path: string,
  session: Session,
  worker: StartWorker,
  options: ResolvedBackupOptions,
  mark: Mark,
): Promise<Backup> {
  const { clock } = session
  const startedAt = clock.now()
  const began = clock.monotonic()
  await refuseExisting(path, 'backup')
  await refuseExisting(manifestPath(path), 'backup')
  const temporary = await TemporaryFile.beside(path)
  try {
    const copied = await copyInto(temporary, session, worker, options)
    const milliseconds = Math.round(clock.monotonic() - began)
    const manifest: BackupManifest = { ...copied, startedAt, milliseconds, ...mark }
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
  // Ends the other thread if one of the two fails.
  const failed = new AbortController()
  const common = {
    engine,
    operation: 'backup',
    signal: signal === undefined ? failed.signal : anySignal([signal, failed.signal]),
    tidy: () => temporary.remove(),
  }
  const inThread = async <Result>(job: string, input: unknown): Promise<Result> => {
    try {
      return await withThread<CopyProgress | CopyToHash, Result>(worker, { ...common, job, input, onEvent })
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  let hashed: Promise<HashedFile> | undefined
  const onEvent = (event: CopyProgress | CopyToHash): void => {
    if ('hash' in event) {
      hashed = inThread('hashCopy', event.hash satisfies HashOrder)
      // It is awaited below.
      hashed.catch(() => undefined)
      return
    }
    if (progress !== undefined && signal?.aborted !== true) diagnostics.callListener('backup', () => progress(event))
  }
  const run = async (job: string, input: unknown): Promise<Copied> => {
    try {
      const verified = await inThread<Verified>(job, input)
      return { ...verified, ...(await hashed) } as Copied
    } finally {
      // The thread that reads the copy ends first.
      await hashed?.catch(() => undefined)
    }
  }
  if (place.location === '') {
    // No other connection, and so no other thread, can reach a database in memory.
    const { pages: _, ...content } = await readContent(queue, 'backup')
    await queue.query('backup', 'VACUUM INTO ?1', [temporary.path])
    return run('verifyCopy', { path: temporary.path, content } satisfies VerifyOrder)
  }
  const { location: source, identity } = place
  const immutable = place instanceof SqlitePlace && place.immutable
  const target = temporary.path
  const limits = { maxBytesPerSecond, maxWalBytes, largeBytes: LARGE_BYTES }
  return run('backup', { source, identity, immutable, target, rate, ...limits } satisfies CopyOrder)
}

/**
 * Gives a backup its name. If that fails, nothing has the name. The manifest gets its name first: if the process dies in between, it
 * leaves a manifest without a backup, and not a backup that cannot be verified.
 */
async function publishBackup(temporary: TemporaryFile, manifest: BackupManifest, path: string): Promise<void> {
  const note = await TemporaryFile.beside(path)
  const published: Unpublish[] = []
  try {
    await note.write(manifestText(manifest))
    published.unshift(await publish(note.path, manifestPath(path), 'backup'))
    await flushFolder(path)
    published.unshift(await publish(temporary.path, path, 'backup'))
    await flushFolder(path)
  } catch (error) {
    for (const unpublish of published) await unpublish()
    throw error
  } finally {
    await note.remove()
  }
}
