import { open } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { setPragma } from '../engine/pragma.js'
import { orFull } from '../file/has-no-room.js'
import { migrate, readSchema } from '../schema/migrate.js'
import { type OwnConnection, openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { typedError } from '../thread/typed-error.js'
import { beginLineage, type Lineage, readGiven } from './lineage.js'
import type { BackupManifest } from './manifest.js'
import { flush } from './publish.js'
import { replaceFile } from './replace-file.js'
import { refuseUnsound } from './verify-copy.js'
import { checkHash, refuseSidecars } from './verify-job.js'

const CHUNK_BYTES = 1024 * 1024

/** The input of the job `restore`. */
export interface RestoreOrder {
  readonly backup: string
  /** `undefined`: the file is restored without a check of its hash. */
  readonly manifest: BackupManifest | undefined
  /** An empty file beside the target. */
  readonly temporary: string
  readonly target: string
  /** Epoch ms. */
  readonly now: number
}

export interface RestoreResult extends Lineage {
  readonly kept: string | undefined
}

/** Turns a copy of the backup into an independent database, and replaces the target by it. */
export async function restoreJob(order: RestoreOrder, context: JobContext): Promise<RestoreResult> {
  try {
    return await restoreOnce(order, context)
  } catch (error) {
    throw await orFull(typedError(error, 'restore'), order.target, 'restore')
  }
}

async function restoreOnce(order: RestoreOrder, context: JobContext): Promise<RestoreResult> {
  const { backup, manifest, temporary } = order
  if (manifest === undefined) {
    await refuseSidecars(
      backup,
      'restore',
      'with a part of the database; open it there once, disconnect, and restore again',
    )
  }
  await copyFile(backup, temporary, context)
  // Checks the copy, because the copy will be used.
  if (manifest !== undefined) checkHash(temporary, manifest, 'restore', context, backup)
  const copy = await openOwn(temporary, context.engine, { readOnly: false, busyTimeout: 0 })
  try {
    await prepare(copy, order)
    context.stop.throwIfRequested()
    const { kept, finished } = await replaceFile(order, context, async (old) => {
      const given = old === undefined ? undefined : await readGiven(old.queue, 'restore')
      const lineage = await beginLineage(copy.queue, 'restore', order.now, given)
      await copy.close()
      await flush(temporary)
      context.stop.throwIfRequested()
      return lineage
    })
    return { ...finished, kept }
  } finally {
    await copy.close()
  }
}

async function prepare(copy: OwnConnection, { backup, manifest }: RestoreOrder): Promise<void> {
  await setPragma(copy, 'restore', 'journal_mode', 'delete')
  await setPragma(copy, 'restore', 'synchronous', 2)
  await refuseUnsound(copy.queue, backup, 'restore')
  if (manifest === undefined) await refuseWithoutTables(copy, backup)
  await migrate(copy.queue, true)
}

/** A copy that was cut short may be an empty database, which passes every check. */
async function refuseWithoutTables({ queue }: OwnConnection, backup: string): Promise<void> {
  const { version, found } = await readSchema(queue)
  if (version > 0 || found.size > 0) return
  throw new PersistenceError(
    'NOT_A_BACKUP',
    'restore',
    `restore ${backup}: it has no table of this family, as a copy that was cut short; copy it again, or name another file`,
  )
}

async function copyFile(from: string, to: string, { stop }: JobContext): Promise<void> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const source = await open(from, 'r')
  try {
    const target = await open(to, 'r+')
    try {
      for (;;) {
        const { bytesRead } = await source.read(chunk, 0, CHUNK_BYTES)
        if (bytesRead === 0) break
        stop.throwIfRequested()
        await target.writeFile(chunk.subarray(0, bytesRead))
      }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}
