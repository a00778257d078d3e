import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { checkIntegrity } from '../engine/check-integrity.js'
import { setPragma } from '../engine/pragma.js'
import { READ_LOG } from '../schema/change-log.js'
import { readSchema } from '../schema/migrate.js'
import { openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { withTypedErrors } from '../thread/typed-error.js'
import { type Content, readContent } from './content.js'
import type { Copied } from './copy-job.js'
import { type GrowingFile, type HashedFile, hashAndFlush } from './hash-file.js'
import type { BackupManifest } from './manifest.js'

/** The size in bytes from which another thread and another process cost less than they save. */
export const LARGE_BYTES: number = 128 * 1024 * 1024

/** The input of the job `verifyCopy`. */
export interface VerifyOrder {
  readonly path: string
  readonly content: Content
}

/** {@link verifyCopy} of a copy that was made elsewhere. */
export function verifyCopyJob({ path, content }: VerifyOrder, context: JobContext): Promise<Verified> {
  return verifyCopy(path, content, context, LARGE_BYTES)
}

/** The facts about a verified copy, without its hash if another thread makes that. */
export type Verified = Omit<Copied, keyof HashedFile> & Partial<HashedFile>

/** What a job tells of a large copy, of which {@link hashCopyJob} may read what will not change any more. */
export interface CopyToHash {
  readonly hash: HashOrder
}

/** The input of the job `hashCopy`. */
export interface HashOrder {
  readonly path: string
  /** Of a copy that is still being written. */
  readonly growing?: GrowingFile
}

/** Hashes a copy and flushes it to the disk, while it is written or {@link verifyCopy} checks it in another thread. */
export function hashCopyJob({ path, growing }: HashOrder, { stop }: JobContext): Promise<HashedFile> {
  return withTypedErrors('backup', undefined, () => hashAndFlush(path, stop, growing))
}

/**
 * Checks that a copy is complete and undamaged. Hashes it and flushes it to the disk; for a large copy, another thread does that.
 *
 * @param expected The content of its source.
 * @param largeBytes The size in bytes from which a copy is large.
 * @param hashing Whether that thread has begun while the copy was made.
 * @throws PersistenceError `BACKUP_DAMAGED`, `FOREIGN_TABLE`.
 */
export async function verifyCopy(
  path: string,
  expected: Content,
  context: JobContext,
  largeBytes: number,
  hashing = false,
): Promise<Verified> {
  const large = expected.bytes >= largeBytes
  const copy = await openOwn(path, context.engine, { readOnly: false, busyTimeout: 0 })
  let found: Awaited<ReturnType<typeof readFacts>>
  try {
    // So that the copy is a single file, which readers can open without a log.
    await setPragma(copy, 'backup', 'journal_mode', 'delete')
    // From here on, the copy does not change. When the other thread closes the file, it releases the locks of this one. That is
    // harmless: no other code knows the name.
    if (large && !hashing) context.tell({ hash: { path } } satisfies CopyToHash)
    await refuseUnsound(copy.queue, path, 'backup')
    found = await readFacts(copy.queue, 'backup')
  } finally {
    await copy.close()
  }
  for (const name of ['pages', 'schema'] as const) {
    if (expected[name] === undefined || expected[name] === found[name]) continue
    throw damaged('backup', path, `its source has ${name} ${expected[name]}, and it has ${found[name]}; back up again`)
  }
  const { schema: _, ...facts } = found
  const hashed = large ? undefined : await hashAndFlush(path, context.stop)
  return { ...hashed, ...facts, sqliteVersion: copy.sqliteVersion }
}

/** Returns what a manifest says and the backup itself can tell, and the schema as in its {@link Content}. */
export async function readFacts(
  queue: OperationQueue,
  operation: string,
): Promise<Pick<BackupManifest, 'pages' | 'schemaVersion' | 'position'> & Pick<Content, 'schema'>> {
  const { pages, schema } = await readContent(queue, operation)
  const { version: schemaVersion } = await readSchema(queue)
  const facts = { pages, schema, schemaVersion }
  const objects = await queue.query(operation, READ_LOG)
  // No standby follows the database.
  if (!objects.some(({ name }) => name === 'go_goscope_changes')) return facts
  const [row] = await queue.query(operation, 'SELECT max(seq) AS position FROM go_goscope_changes')
  return { ...facts, position: Number(row?.position) }
}

/** @throws PersistenceError `BACKUP_DAMAGED`. */
export async function refuseUnsound(queue: OperationQueue, path: string, operation: string): Promise<void> {
  const verdict = await checkIntegrity((sql) => queue.query(operation, sql), operation)
  if (verdict !== 'ok') throw damaged(operation, path, `integrity_check says ${verdict}`)
}

export function damaged(operation: string, path: string, why: string): PersistenceError {
  // Of a new copy the caller knows no name, and it is removed.
  const about =
    operation === 'backup'
      ? 'backup: the copy was not kept, because it is not whole; check the database too (scopedb FILE verify)'
      : `${operation} ${path}: the copy is not whole`
  return new PersistenceError('BACKUP_DAMAGED', operation, `${about}: ${why}`)
}
