import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import type { BackupSteps } from '../engine/backup-steps.js'
import { BLOCK_BYTES, BlockReader } from './block-reader.js'
import { readLogIndex } from './log-index.js'
import { LogOverlay } from './log-overlay.js'

/** A file whose snapshot the caller holds, by a read transaction, until the copy is done. */
export interface HeldFile {
  readonly path: string
  readonly pages: number
  readonly pageBytes: number
  /** The schema cookie of the snapshot. */
  readonly schemaVersion: number
}

/**
 * - `copied`: the database of a moment of the copy at which it had `pages` and the schema of the snapshot.
 * - `changed`: the schema is another one by now; nothing was copied. A new snapshot has it.
 * - `impossible`: here, or at this moment; what was copied is worth nothing.
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
 * Copies the file by large blocks, and over them the pages of the write-ahead log up to its last commit. Why that is exact:
 * while a read transaction is held, a checkpoint writes only frames of its snapshot and of those before it into the file, and
 * the log is not reset. So each page that may be written under the copy has its version in the log, also that of every
 * later commit. There is one exception: who reads when all of the log is in the file does not keep others from resetting
 * it. But then no checkpoint can write at all, and the file is that snapshot without a log.
 *
 * @param target An empty file. Its header says that it needs no log.
 * @param check Called while nothing is copied yet; it may throw.
 * @param onCopied Called with how many bytes will not change any more; from the first call on the copy is made this way.
 */
export async function copyBlocks(
  held: HeldFile,
  target: string,
  steps: BackupSteps,
  check: () => void,
  onCopied: (bytes: number, of: number) => void,
): Promise<BlocksCopied> {
  const log = await readLog(held, check)
  if (log === undefined) return { outcome: 'impossible' }
  const { overlay, pages } = log
  try {
    const changed = overlay?.has(1) && cookieOf(overlay) !== held.schemaVersion
    if (changed) return { outcome: 'changed' }
    const copied = await copyUnder(overlay, { ...held, pages }, target, steps, check, onCopied)
    return copied ? { outcome: 'copied', pages } : { outcome: 'impossible' }
  } finally {
    overlay?.close()
  }
}

/** Reads the log up to its last commit; no overlay where all of it is in the file. */
async function readLog(
  held: HeldFile,
  between: () => void,
): Promise<{ readonly overlay: LogOverlay | undefined; readonly pages: number } | undefined> {
  for (let tried = 0; tried < TRIES; tried++) {
    const index = await readLogIndex(held.path)
    if (index === undefined) continue
    // Nothing is written over then, so the file is what the snapshot is.
    if (index.frames === 0) return { overlay: undefined, pages: held.pages }
    const overlay = LogOverlay.read(`${held.path}-wal`, index, held.pageBytes, between)
    if (overlay !== undefined) return { overlay, pages: index.pages }
  }
  return undefined
}

function cookieOf(overlay: LogOverlay): number {
  const page = Buffer.alloc(overlay.pageBytes)
  overlay.readInto(page, 0, 1)
  return page.readInt32BE(COOKIE_AT)
}

/** @returns whether the copy is what it should be. */
async function copyUnder(
  overlay: LogOverlay | undefined,
  { path, pages, pageBytes }: HeldFile,
  target: string,
  steps: BackupSteps,
  check: () => void,
  onCopied: (bytes: number, of: number) => void,
): Promise<boolean> {
  const bytes = pages * pageBytes
  // Of the snapshot. A commit after it may have others, and what was told must not grow again.
  const { totalPages } = steps
  const reader = await BlockReader.start(path, target, bytes)
  if (reader === undefined) return false
  const file = openSync(target, 'r+')
  const layer = new Layer(file, overlay, pageBytes)
  try {
    for (let done = 0; done < bytes; ) {
      const whole = await reader.wait(POLL_MS)
      // What the file lacks at its end is zeros, as an engine reads it; what it has beyond the end is no part of the database.
      if (whole) ftruncateSync(file, bytes)
      const copied = whole ? bytes : wholeBlocks(file, bytes)
      while (done < copied) {
        const end = Math.min(copied, done + OVERLAID_AT_ONCE_BYTES)
        layer.write(done, end)
        if (done === 0 && !needsNoLog(file)) return false
        done = end
        onCopied(done, bytes)
      }
      if (done === 0) check()
      else steps.next({ totalPages, remainingPages: Math.max(0, totalPages - Math.floor(done / pageBytes)) })
    }
    return true
  } finally {
    reader.stop()
    closeSync(file)
  }
}

/** The last block may have its place and not yet its content. */
function wholeBlocks(file: number, bytes: number): number {
  const blocks = Math.floor(Math.min(fstatSync(file).size, bytes) / BLOCK_BYTES)
  return Math.max(0, blocks - 1) * BLOCK_BYTES
}

/** Marks the copy as a file without a log. @returns whether it is one that can be marked. */
function needsNoLog(file: number): boolean {
  const header = Buffer.alloc(FORMATS_AT + 2)
  readSync(file, header, 0, header.length, 0)
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return false
  if (!header.subarray(FORMATS_AT).equals(IN_WAL_MODE)) return false
  writeSync(file, IN_ROLLBACK_MODE, 0, 2, FORMATS_AT)
  return true
}

/** Puts the pages of a log over what was copied. */
class Layer {
  readonly #file: number
  readonly #pageBytes: number
  #overlay: LogOverlay | undefined

  constructor(file: number, overlay: LogOverlay | undefined, pageBytes: number) {
    this.#file = file
    this.#overlay = overlay
    this.#pageBytes = pageBytes
  }

  /** @param from In bytes, as `to`; whole pages. */
  write(from: number, to: number): void {
    const first = from / this.#pageBytes + 1
    const pages = this.#overlay?.pagesBetween(first, to / this.#pageBytes + 1) ?? []
    if (pages.length === 0) return
    const memory = Buffer.allocUnsafe(pages.length * this.#pageBytes)
    for (const [at, page] of pages.entries()) this.#overlay?.readInto(memory, at * this.#pageBytes, page)
    // It was written over; that can only be where all of it is in the file.
    if (this.#overlay?.current === false) this.#overlay = undefined
    else this.#writeRuns(memory, pages)
  }

  /** Pages that follow one another are written at once. */
  #writeRuns(memory: Buffer, pages: readonly number[]): void {
    for (let from = 0, to = 1; from < pages.length; from = to++) {
      while (to < pages.length && pages[to] === (pages[to - 1] as number) + 1) to++
      const place = ((pages[from] as number) - 1) * this.#pageBytes
      writeSync(this.#file, memory, from * this.#pageBytes, (to - from) * this.#pageBytes, place)
    }
  }
}
