import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync } from 'node:fs'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { BackupSteps } from '../engine/backup-steps.js'
import { BLOCK_BYTES } from './dd.js'
import { readLogIndex } from './log-index.js'
import { LogOverlay } from './log-overlay.js'
import { writeAll } from './write-all.js'
import { YieldingCopy } from './yielding-copy.js'

/** A file whose snapshot the caller holds by a read transaction until the copy is complete. */
export interface HeldFile {
  readonly path: string
  readonly pages: number
  readonly pageBytes: number
  /** The schema cookie of the snapshot. */
  readonly schemaVersion: number
}

/** What a copy calls while it runs. */
export interface CopyListener {
  readonly steps: BackupSteps
  /** Called while nothing is copied yet. It may throw. */
  check(): void
  /** Called with the number of bytes that will not change any more. After the first call, the copy completes by blocks or fails. */
  onCopied(bytes: number, of: number): void
}

/**
 * - `copied`: the target is the database at one moment during the copy, with `pages` pages and the schema of the snapshot.
 * - `changed`: the schema has changed since the snapshot. Nothing was copied. A new snapshot has the new schema.
 * - `impossible`: it cannot be copied by blocks here, or now. The content of the target is useless.
 */
export type BlocksCopied =
  | { readonly outcome: 'copied'; readonly pages: number }
  | { readonly outcome: 'changed' | 'impossible' }

const TRIES = 5
const POLL_MS = 5
const OVERLAID_AT_ONCE_BYTES = 16 * 1024 * 1024
const MAGIC = 'SQLite format 3\0'
const FORMATS_AT = 18
const COOKIE_AT = 40
const IN_WAL_MODE = Buffer.from([2, 2])
const IN_ROLLBACK_MODE = Buffer.from([1, 1])

/**
 * Copies the file by large blocks, and writes the pages of the write-ahead log up to its last commit over them. The result is
 * exact: while a read transaction is open, a checkpoint writes only frames of its snapshot and earlier ones into the file, and the
 * log is not reset. So the log contains every page that a checkpoint may write during the copy, and those of every later commit.
 * There is one exception: a reader that began when the file contained all of the log does not prevent a reset. But then no
 * checkpoint can write anything, and the file alone is the snapshot.
 *
 * @param target An empty file. The header of the copy says that it needs no log.
 */
export async function copyBlocks(held: HeldFile, target: string, listener: CopyListener): Promise<BlocksCopied> {
  const log = await readLog(held, () => listener.check())
  if (log === undefined) return { outcome: 'impossible' }
  const { overlay, pages } = log
  try {
    const first = overlay?.page(1)
    if (first !== undefined && first.readInt32BE(COOKIE_AT) !== held.schemaVersion) return { outcome: 'changed' }
    const copied = await copyUnder(overlay, held, pages, target, listener)
    return copied ? { outcome: 'copied', pages } : { outcome: 'impossible' }
  } finally {
    overlay?.close()
  }
}

/** Reads the log up to its last commit. There is no overlay if the file contains all of it. Returns `undefined` if that fails. */
async function readLog(
  held: HeldFile,
  between: () => void,
): Promise<{ readonly overlay: LogOverlay | undefined; readonly pages: number } | undefined> {
  for (let tried = 0; tried < TRIES; tried++) {
    const index = await readLogIndex(held.path, between)
    if (index === undefined) continue
    // Then no checkpoint writes during the copy, so the file is the snapshot.
    if (index.frames === 0) return { overlay: undefined, pages: held.pages }
    const overlay = LogOverlay.read(`${held.path}-wal`, index, held.pageBytes, between)
    if (overlay !== undefined) return { overlay, pages: index.pages }
  }
  return undefined
}

/** @param pages Of the copy. @returns whether the copy is what it should be. */
async function copyUnder(
  overlay: LogOverlay | undefined,
  held: HeldFile,
  pages: number,
  target: string,
  listener: CopyListener,
): Promise<boolean> {
  const { steps } = listener
  const { path, pageBytes } = held
  const bytes = pages * pageBytes
  // Of the snapshot. A later commit may have more, and the reported progress must not go back.
  const { totalPages } = steps
  const least = Math.min(bytes, held.pages * pageBytes, statSync(path).size)
  const file = openSync(target, 'r+')
  let dd: YieldingCopy | undefined
  try {
    dd = await YieldingCopy.start({ source: path, target, bytes }, file)
    if (dd === undefined) return false
    for (let done = 0; done < bytes; ) {
      const whole = await dd.wait(POLL_MS, done)
      if (whole) complete(file, bytes, least, path)
      const copied = whole ? bytes : wholeBlocks(file, bytes)
      do {
        const end = Math.min(copied, done + OVERLAID_AT_ONCE_BYTES)
        if (end > done) {
          overlay?.writeInto(file, done / pageBytes + 1, end / pageBytes + 1)
          if (done === 0 && !needsNoLog(file)) return false
          done = end
          listener.onCopied(done, bytes)
        }
        if (done === 0) listener.check()
        else steps.next({ totalPages, remainingPages: Math.max(0, totalPages - Math.floor(done / pageBytes)) })
      } while (done < copied)
    }
    return true
  } finally {
    await dd?.stop()
    closeSync(file)
  }
}

/**
 * Gives the copy its size. An engine reads zeros where a database file is too short, and ignores what is beyond its end.
 *
 * @param least The minimum size of a complete copy: while a snapshot is held, no checkpoint makes the file shorter.
 * @throws PersistenceError `IO_ERROR` if the copy is shorter.
 */
function complete(file: number, bytes: number, least: number, source: string): void {
  const { size } = fstatSync(file)
  if (size < least) {
    const advice = `check that nobody truncates ${source}, and which dd is on the PATH`
    const message = `backup: dd copied ${size} of ${least} bytes and says that it copied all; ${advice}`
    throw new PersistenceError('IO_ERROR', 'backup', message)
  }
  ftruncateSync(file, bytes)
}

/** Returns the number of bytes in complete blocks. The last block may have its space, but not its content yet. */
function wholeBlocks(file: number, bytes: number): number {
  const whole = Math.min(fstatSync(file).size, bytes) - BLOCK_BYTES
  return Math.max(0, Math.floor(whole / BLOCK_BYTES)) * BLOCK_BYTES
}

/** Marks the copy as a file without a log. @returns `false` if it lacks the header of a database in WAL mode. */
function needsNoLog(file: number): boolean {
  const header = Buffer.alloc(FORMATS_AT + 2)
  readSync(file, header, 0, header.length, 0)
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return false
  if (!header.subarray(FORMATS_AT).equals(IN_WAL_MODE)) return false
  writeAll(file, IN_ROLLBACK_MODE, FORMATS_AT)
  return true
}
