import { closeSync, openSync, readSync } from 'node:fs'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { LogChecksum } from './log-checksum.js'
import type { LogIndex } from './log-index.js'
import { writeAll } from './write-all.js'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const SALT_AT = 16
const MAGIC = 0x377f0682
const CHUNK_BYTES = 1024 * 1024

/** The last committed version of every page in a write-ahead log, to be written over a copy of its database file. */
export class LogOverlay {
  readonly #file: number
  readonly #salt: string
  readonly #pageBytes: number
  /** The position of the last version of each page in the log, in bytes. */
  readonly #places: ReadonlyMap<number, number>
  /** The numbers of those pages, in ascending order. */
  readonly #pages: readonly number[]

  private constructor(file: number, salt: string, pageBytes: number, places: ReadonlyMap<number, number>) {
    this.#file = file
    this.#salt = salt
    this.#pageBytes = pageBytes
    this.#places = places
    this.#pages = [...places.keys()].sort((a, b) => a - b)
  }

  /**
   * Reads a log up to the last commit of `index`. This process may open and close the log, because SQLite takes its locks on other
   * files.
   *
   * @param between Called at intervals. It may throw.
   * @returns `undefined` if the log is not, or no longer, the one that `index` describes.
   */
  static read(path: string, index: LogIndex, pageBytes: number, between: () => void): LogOverlay | undefined {
    const file = openSync(path, 'r')
    try {
      const places = readPlaces(file, index, pageBytes, between)
      if (places !== undefined) return new LogOverlay(file, index.salt, pageBytes, places)
    } catch (error) {
      closeSync(file)
      throw error
    }
    closeSync(file)
    return undefined
  }

  /** Returns the version of a page in the log; `undefined` if the log does not contain the page. */
  page(number: number): Buffer | undefined {
    return this.#places.has(number) ? this.#read([number]) : undefined
  }

  /**
   * Writes the pages of the log from `first` up to, but not including, `end` into a copy. Writes nothing if the log was reset: that
   * happens only if the database file contains all of it.
   *
   * @param copy A file descriptor.
   * @throws PersistenceError `IO_ERROR`.
   */
  writeInto(copy: number, first: number, end: number): void {
    const pages = this.#pages.slice(this.#indexOf(first), this.#indexOf(end))
    if (pages.length === 0) return
    const content = this.#read(pages)
    // After reading: a writer that resets the log writes its header first. So with the same header, the pages are of the same log.
    if (!this.#current()) return
    if (content === undefined)
      throw new PersistenceError('IO_ERROR', 'backup', 'backup: the log could not be read; check the disk')
    // Consecutive pages are written by one call.
    for (let from = 0, to = 1; from < pages.length; from = to++) {
      while (to < pages.length && pages[to] === (pages[to - 1] as number) + 1) to++
      const place = ((pages[from] as number) - 1) * this.#pageBytes
      writeAll(copy, content.subarray(from * this.#pageBytes, to * this.#pageBytes), place)
    }
  }

  /** Whether the log is still the one that was read. */
  #current(): boolean {
    const header = Buffer.alloc(HEADER_BYTES)
    return readSync(this.#file, header, 0, HEADER_BYTES, 0) === HEADER_BYTES && saltOf(header) === this.#salt
  }

  /** Returns the contents of pages; `undefined` if the log has become too short. */
  #read(pages: readonly number[]): Buffer | undefined {
    const bytes = this.#pageBytes
    const content = Buffer.allocUnsafe(pages.length * bytes)
    for (const [at, page] of pages.entries()) {
      if (readSync(this.#file, content, at * bytes, bytes, this.#places.get(page) as number) < bytes) return undefined
    }
    return content
  }

  close(): void {
    closeSync(this.#file)
  }

  /** Returns the index of the first page that is not before `page`. */
  #indexOf(page: number): number {
    let [low, high] = [0, this.#pages.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#pages[middle] as number) < page) low = middle + 1
      else high = middle
    }
    return low
  }
}

function saltOf(header: Buffer): string {
  return header.toString('hex', SALT_AT, SALT_AT + 8)
}

/** Verifies the checksum of every frame, because the log may be overwritten meanwhile. */
function readPlaces(
  file: number,
  { frames, pages, checksum, salt }: LogIndex,
  pageBytes: number,
  between: () => void,
): ReadonlyMap<number, number> | undefined {
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  const framesAtOnce = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes))
  // A buffer with its own memory, which is aligned to words.
  const words = new Int32Array((framesAtOnce * frameBytes) / 4)
  const chunk = Buffer.from(words.buffer)
  if (readSync(file, chunk, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined
  const magic = chunk.readUInt32BE(0)
  if ((magic & ~1) >>> 0 !== MAGIC || chunk.readUInt32BE(8) !== pageBytes || saltOf(chunk) !== salt) return undefined
  const sum = new LogChecksum((magic & 1) === 1)
  sum.add(words, 0, 6)
  if (!sum.equals(chunk.readUInt32BE(24), chunk.readUInt32BE(28))) return undefined
  const places = new Map<number, number>()
  let committed = 0
  for (let frame = 0; frame < frames; frame += framesAtOnce) {
    between()
    const count = Math.min(framesAtOnce, frames - frame)
    const place = HEADER_BYTES + frame * frameBytes
    if (readSync(file, chunk, 0, count * frameBytes, place) < count * frameBytes) return undefined
    for (let at = 0; at < count * frameBytes; at += frameBytes) {
      if (chunk.toString('hex', at + 8, at + 16) !== salt) return undefined
      sum.add(words, at / 4, at / 4 + 2)
      sum.add(words, (at + FRAME_HEADER_BYTES) / 4, (at + frameBytes) / 4)
      if (!sum.equals(chunk.readUInt32BE(at + 16), chunk.readUInt32BE(at + 20))) return undefined
      places.set(chunk.readUInt32BE(at), place + at + FRAME_HEADER_BYTES)
      committed = chunk.readUInt32BE(at + 4)
    }
  }
  return committed === pages && sum.equals(...checksum) ? places : undefined
}
