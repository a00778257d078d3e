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
  const found = await (async () => {
    try {
      // So that the copy is a single file, which readers can open without a log.
      await setPragma(copy, 'backup', 'journal_mode', 'delete')
      // From here on, the copy does not change. The flush runs while the copy is checked.
      hash.flush()
      await refuseUnsound(copy.queue, path, 'backup')
      const { version } = await readSchema(copy.queue)
      const position = await readPosition(copy.queue)
      const content = await readContent(copy.queue, 'backup')
      return { ...content, position, schemaVersion: version, sqliteVersion: copy.sqliteVersion }
    } finally {
      await copy.close()
    }
  })()
  for (const name of ['pages', 'schema'] as const) {
    if (expected[name] === undefined || expected[name] === found[name]) continue
    throw damaged('backup', path, `its source has ${name} ${expected[name]}, and it has ${found[name]}; back up again`)
  }
  const { pages, position, schemaVersion, sqliteVersion } = found
  return { ...(await hash.end()), pages, ...position, sqliteVersion, schemaVersion }
}

/** Returns the number of the last logged change, if standbys follow the database. */
async function readPosition(queue: OperationQueue): Promise<{ readonly position?: number }> {
  const objects = await queue.query('backup', READ_LOG)
  if (!objects.some(({ name }) => name === 'go_goscope_changes')) return {}
  const [row] = await queue.query('backup', 'SELECT max(seq) AS position FROM go_goscope_changes')
  return { position: Number(row?.position) }
}

/** @throws PersistenceError `BACKUP_DAMAGED`. */
export async function refuseUnsound(queue: OperationQueue, path: string, operation: string): Promise<void> {
  const verdict = await checkIntegrity((sql) => queue.query(operation, sql), operation)
  if (verdict !== 'ok') throw damaged(operation, path, `integrity_check says ${verdict}`)
}

export function damaged(operation: string, path: string, why: string): PersistenceError {
  return new PersistenceError('BACKUP_DAMAGED', operation, `${operation} ${path}: the copy is not whole: ${why}`)
}
