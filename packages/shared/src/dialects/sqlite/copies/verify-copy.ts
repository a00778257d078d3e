import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { checkIntegrity } from '../engine/check-integrity.js'
import { setPragma } from '../engine/pragma.js'
import { READ_LOG } from '../schema/change-log.js'
import { readSchema } from '../schema/migrate.js'
import { openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { type Content, readContent } from './content.js'
import type { Copied } from './copy-job.js'
import { CopyHash } from './hash-file.js'
import type { BackupManifest } from './manifest.js'

/** The size in bytes from which another process costs less than it saves. */
export const LARGE_BYTES: number = 128 * 1024 * 1024

/** The input of the job `verifyCopy`. */
export interface VerifyOrder {
  readonly path: string
  readonly content: Content
}

/** {@link verifyCopy} of a copy that was made elsewhere. */
export async function verifyCopyJob({ path, content }: VerifyOrder, context: JobContext): Promise<Copied> {
  const hash = await CopyHash.open(path, context.stop)
  try {
    return await verifyCopy(path, content, hash, context)
  } finally {
    await hash.close()
  }
}

/**
 * Checks that a copy is complete and undamaged, hashes it and flushes it to the disk.
 *
 * @param expected The content of its source.
 * @param hash May have read a part of the copy that does not change any more.
 * @throws PersistenceError `BACKUP_DAMAGED`, `FOREIGN_TABLE`.
 */
export async function verifyCopy(
  path: string,
  expected: Content,
  hash: CopyHash,
  context: JobContext,
): Promise<Copied> {
  const copy = await openOwn(path, context.engine, { readOnly: false, busyTimeout: 0 })
  let found: Awaited<ReturnType<typeof readFacts>>
  try {
    // So that the copy is a single file, which readers can open without a log.
    await setPragma(copy, 'backup', 'journal_mode', 'delete')
    // From here on, the copy does not change. The flush runs while the copy is checked.
    hash.flush()
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
  return { ...(await hash.end()), ...facts, sqliteVersion: copy.sqliteVersion }
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
  return new PersistenceError('BACKUP_DAMAGED', operation, `${operation} ${path}: the copy is not whole: ${why}`)
}
