import { statfs, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { CopiedBytes } from '../block-copy/copied-bytes.js'
import { type BlocksCopied, copyBlocks } from '../block-copy/copy-blocks.js'
import { refuseOtherModes } from '../engine/pragma.js'
import { fileIdentity } from '../file/file-identity.js'
import { orFull } from '../file/has-no-room.js'
import { type OwnConnection, openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { typedError } from '../thread/typed-error.js'
import { type Content, readContent, SOURCE_WAIT_MS } from './content.js'
import type { BackupManifest } from './manifest.js'
import { Pace } from './pace.js'
import { type CopyToHash, type Verified, verifyCopy } from './verify-copy.js'

/** How often a copy by blocks is tried while the schema changes before it begins. */
const SCHEMA_TRIES = 3

/** The input of the job `backup`. */
export interface CopyOrder {
  /** The file to copy. */
  readonly source: string
  /** Device and inode of the file that the adapter has open. */
  readonly identity: string | undefined
  /** Whether nothing can change the file, as declared by the app. */
  readonly immutable: boolean
  /** An empty file. */
  readonly target: string
  /** Pages. */
  readonly rate: number
  readonly maxBytesPerSecond: number | undefined
  readonly maxWalBytes: number | undefined
  /** The size in bytes from which a copy is made by large blocks and hashed in another thread. */
  readonly largeBytes: number
}

/** The facts about a copy, for its manifest. */
export type Copied = Omit<BackupManifest, 'startedAt' | 'milliseconds' | 'scheduledFor'>

/**
 * Copies a snapshot of a database. A read transaction of the same connection holds the snapshot. So the backup of the engine uses
 * it too, and does not start again whatever other connections write meanwhile.
 */
export async function copyJob(order: CopyOrder, context: JobContext): Promise<Verified> {
  try {
    const { content, hashing } = await copyOnce(order, context)
    return await verifyCopy(order.target, content, context, order.largeBytes, hashing)
  } catch (error) {
    // Also for errors of the verification, which writes a journal beside the copy.
    throw await orFull(typedError(error, 'backup'), order.target, 'backup')
  }
}

async function copyOnce(order: CopyOrder, context: JobContext): Promise<Made> {
  const source = await openSource(order, context)
  try {
    const instead = ', or run VACUUM INTO on the handle at a quiet time'
    // Nobody writes an immutable file.
    if (!order.immutable)
      await refuseOtherModes((sql) => source.queue.query('backup', sql), 'backup', order.source, instead)
    const made = await copy(source, order, context)
    await refuseReplaced(order)
    return made
  } finally {
    await source.close()
  }
}

async function openSource(order: CopyOrder, { engine }: JobContext): Promise<OwnConnection> {
  // Another file must not even be opened: the log of the adapter's file is beside it.
  await refuseReplaced(order)
  try {
    return await openOwn(order.source, engine, {
      readOnly: true,
      immutable: order.immutable,
      busyTimeout: SOURCE_WAIT_MS,
    })
  } catch (error) {
    // If the file was replaced meanwhile, the error may claim that two libraries have it open.
    await refuseReplaced(order)
    throw error
  }
}

interface Made {
  readonly content: Content
  /** Whether another thread has begun to hash it. */
  readonly hashing: boolean
}

/** Copies by large blocks if possible, otherwise by the engine. */
async function copy(source: OwnConnection, order: CopyOrder, context: JobContext): Promise<Made> {
  for (let tries = mayGoByBlocks(order) ? SCHEMA_TRIES : 0; ; tries--) {
    const made = await inSnapshot(source, async (content) => {
      await refuseFullDisk(order.target, content)
      if (tries > 0 && content.bytes >= order.largeBytes) {
        const copied = await copyByBlocks(source, content, order, context)
        if (copied.outcome === 'copied') return { content: { ...content, pages: copied.pages }, hashing: true }
        if (copied.outcome === 'changed') return 'changed'
        // The engine takes an empty file.
        await truncate(order.target)
      }
      if (context.engine.backup === undefined) return 'not by pages'
      const pace = new Pace(order, content, context)
      pace.begin()
      await context.engine.backup(source.handle, order.target, pace)
      pace.end()
      return { content, hashing: false }
    })
    if (made === 'not by pages') return { content: await copyBySql(source, order, context), hashing: false }
    if (made !== 'changed') return made
  }
}

/** Copies by blocks have no speed limit. On Windows, the locks of a connection keep other processes from reading the locked bytes. */
function mayGoByBlocks({ maxBytesPerSecond }: CopyOrder): boolean {
  return maxBytesPerSecond === undefined && process.platform !== 'win32'
}

async function inSnapshot<Result>(
  { queue }: OwnConnection,
  body: (content: Content & { readonly pages: number }) => Promise<Result>,
): Promise<Result> {
  await queue.query('backup', 'SAVEPOINT go_goscope_snapshot')
  try {
    return await body(await readContent(queue, 'backup'))
  } finally {
    // After some errors, SQLite has already ended the savepoint. It then refuses this.
    await queue.query('backup', 'RELEASE go_goscope_snapshot').catch(() => undefined)
  }
}

/** Copies what is held by blocks, and has hashed what is copied. */
async function copyByBlocks(
  source: OwnConnection,
  content: Content & { readonly pages: number },
  order: CopyOrder,
  context: JobContext,
): Promise<BlocksCopied> {
  const [row] = await source.queue.query('backup', 'PRAGMA schema_version')
  const { source: path } = order
  const held = { ...content, path, schemaVersion: Number(row?.schema_version) }
  const pace = new Pace(order, content, context)
  const copied = new CopiedBytes()
  const { memory } = copied
  const check = (): void => context.stop.throwIfRequested()
  const onCopied = (count: number, bytes: number): void => {
    const first = copied.count === 0
    copied.advanceTo(count)
    if (!first) return
    // Not before: an engine that has to copy after all begins anew.
    pace.begin()
    context.tell({ hash: { path: order.target, growing: { memory, bytes } } } satisfies CopyToHash)
  }
  try {
    const result = await copyBlocks(held, order.target, { steps: pace, check, onCopied })
    if (result.outcome === 'copied') pace.end()
    return result
  } catch (error) {
    await refuseReplaced(order)
    throw error
  }
}

/** Copies on an engine without a backup, by one statement: it has no speed limit and reports no progress. */
async function copyBySql({ queue }: OwnConnection, order: CopyOrder, context: JobContext): Promise<Content> {
  const { pages: _, ...content } = await readContent(queue, 'backup')
  const pace = new Pace(order, content, context)
  pace.begin()
  await queue.query('backup', 'VACUUM INTO ?1', [order.target])
  pace.end()
  return content
}

/** Refuses a file that is not, or no longer, the one of the adapter. @throws PersistenceError `FILE_REPLACED`. */
async function refuseReplaced({ source: path, identity }: Pick<CopyOrder, 'source' | 'identity'>): Promise<void> {
  if ((await fileIdentity(path)) === identity) return
  throw new PersistenceError(
    'FILE_REPLACED',
    'backup',
    `backup: the database file ${path} was deleted or replaced; make a new adapter and back up that`,
  )
}

async function refuseFullDisk(target: string, { bytes }: Pick<Content, 'bytes'>): Promise<void> {
  const { blocks, bavail, bsize } = await statfs(dirname(target))
  const free = bavail * bsize
  // Some file systems do not report their size.
  if (free >= bytes || blocks === 0) return
  throw new PersistenceError(
    'DISK_FULL',
    'backup',
    `backup: the copy needs ${bytes} bytes and the disk of ${dirname(target)} has ${free} free; free some or choose another disk`,
  )
}
