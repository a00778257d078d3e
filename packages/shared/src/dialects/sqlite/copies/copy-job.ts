import { statfs, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { CopiedBytes } from '../block-copy/copied-bytes.js'
import { type BlocksCopied, copyBlocks, type HeldFile } from '../block-copy/copy-blocks.js'
import { fileIdentity } from '../file/file-identity.js'
import { type OwnConnection, openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { type Content, readContent, SOURCE_WAIT_MS } from './content.js'
import type { BackupManifest } from './manifest.js'
import { Pace } from './pace.js'
import { stopped } from './stopped.js'
import { type CopyToHash, hashElsewhere, type Verified, verifyCopy } from './verify-copy.js'

/** How often a copy by blocks begins again because the schema has changed under it. */
const SCHEMA_TRIES = 3

/** What the job `backup` is started with. */
export interface CopyOrder {
  /** The file to copy. */
  readonly source: string
  /** An empty file. */
  readonly target: string
  /** Pages. */
  readonly rate: number
  readonly maxBytesPerSecond: number | undefined
  readonly maxWalBytes: number | undefined
  /** From this size on a copy is made by large blocks, and hashed in another thread. */
  readonly largeBytes: number
}

/** What a copy is known to be. */
export type Copied = Omit<BackupManifest, 'startedAt' | 'milliseconds' | 'scheduledFor'>

/**
 * Copies a database as it is at one moment. The snapshot is pinned by a read transaction of the same connection: the
 * engine's backup takes no other then, and so never starts anew, however much is written meanwhile.
 */
export async function copyJob(order: CopyOrder, context: JobContext): Promise<Verified> {
  const source = await openOwn(order.source, context.engine, { readOnly: true, busyTimeout: SOURCE_WAIT_MS })
  let content: Content
  let hashing = false
  try {
    await refuseOtherModes(source, order.source)
    const byBlocks = await copyByBlocks(source, order, context)
    hashing = byBlocks !== undefined
    content = byBlocks ?? (await copyByEngine(source, order, context))
    await refuseReplaced(source, order.source)
  } finally {
    await source.close()
  }
  if (hashing) return verifyCopy(order.target, content, context, () => undefined)
  const settled = content.bytes >= order.largeBytes ? hashElsewhere(order.target, context) : undefined
  return verifyCopy(order.target, content, context, settled)
}

/** @returns `undefined` for a copy that the engine has to make: a small one, or one that is to be held back. */
async function copyByBlocks(
  { queue, identity }: OwnConnection,
  order: CopyOrder,
  context: JobContext,
): Promise<Content | undefined> {
  // There, who has locks keeps others from reading what is locked.
  if (order.maxBytesPerSecond !== undefined || process.platform === 'win32') return undefined
  for (let tried = 0; tried < SCHEMA_TRIES; tried++) {
    await queue.query('backup', 'SAVEPOINT go_goscope_snapshot')
    try {
      const content = await readContent(queue, 'backup')
      if (content.bytes < order.largeBytes) return undefined
      await refuseFullDisk(order.target, content)
      const [row] = await queue.query('backup', 'PRAGMA schema_version')
      const held = { ...content, path: order.source, schemaVersion: Number(row?.schema_version) }
      const copied = await copyHeld(held, order, context).catch(async (error) => {
        await refuseReplaced({ identity }, order.source)
        throw error
      })
      if (copied.outcome === 'copied') return { ...content, pages: copied.pages }
      if (copied.outcome === 'impossible') break
    } finally {
      await queue.query('backup', 'RELEASE go_goscope_snapshot')
    }
  }
  // The engine takes an empty file.
  await truncate(order.target)
  return undefined
}

/** Copies by blocks, and has hashed what is copied. */
async function copyHeld(held: HeldFile & Content, order: CopyOrder, context: JobContext): Promise<BlocksCopied> {
  const pace = new Pace(order, held, context)
  const copied = new CopiedBytes()
  const { memory } = copied
  const check = (): void => {
    if (context.stop.requested) throw stopped()
  }
  const outcome = await copyBlocks(held, order.target, pace, check, (count, bytes) => {
    const first = copied.count === 0
    copied.advanceTo(count)
    if (!first) return
    // Not before: an engine that has to copy after all begins anew.
    pace.begin()
    context.tell({ hash: { path: order.target, growing: { memory, bytes } } } satisfies CopyToHash)
  })
  if (outcome.outcome === 'copied') pace.end()
  return outcome
}

async function copyByEngine(source: OwnConnection, order: CopyOrder, context: JobContext): Promise<Content> {
  const { queue, handle } = source
  if (context.engine.backup === undefined) return copyBySql(source, order, context)
  await queue.query('backup', 'SAVEPOINT go_goscope_snapshot')
  try {
    const content = await readContent(queue, 'backup')
    await refuseFullDisk(order.target, content)
    const pace = new Pace(order, content, context)
    pace.begin()
    await context.engine.backup(handle, order.target, pace)
    pace.end()
    return content
  } finally {
    await queue.query('backup', 'RELEASE go_goscope_snapshot')
  }
}

/** For an engine without a backup of its own: at one go, so that it can neither be paced nor tell how far it is. */
async function copyBySql({ queue }: OwnConnection, order: CopyOrder, context: JobContext): Promise<Content> {
  const { pages: _, ...content } = await readContent(queue, 'backup')
  await refuseFullDisk(order.target, content)
  const pace = new Pace(order, content, context)
  pace.begin()
  await queue.query('backup', 'VACUUM INTO ?1', [order.target])
  pace.end()
  return content
}

/** In a rollback journal mode a reader keeps every writer out for as long as it reads. */
async function refuseOtherModes({ queue }: OwnConnection, path: string): Promise<void> {
  const [row] = await queue.query('backup', 'PRAGMA journal_mode')
  if (row?.journal_mode === 'wal') return
  throw new PersistenceError(
    'WAL_NEEDED',
    'backup',
    `backup: ${path} is in journal mode ${row?.journal_mode}, in which a backup stops every writer until it is done; set ` +
      'journal_mode to wal, as open() does, or run VACUUM INTO on the handle at a quiet time',
  )
}

/** The copy of a file that nobody will find again is no backup of what is at the path. */
async function refuseReplaced(source: Pick<OwnConnection, 'identity'>, path: string): Promise<void> {
  if ((await fileIdentity(path)) === source.identity) return
  throw new PersistenceError(
    'FILE_REPLACED',
    'backup',
    `backup: the database file ${path} was deleted or replaced while it was copied; make a new adapter and back up that`,
  )
}

async function refuseFullDisk(target: string, { bytes }: Pick<Content, 'bytes'>): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(target))
  const free = bavail * bsize
  if (free >= bytes) return
  throw new PersistenceError(
    'DISK_FULL',
    'backup',
    `backup: the copy needs ${bytes} bytes and the disk of ${dirname(target)} has ${free} free; free some or choose another disk`,
  )
}
