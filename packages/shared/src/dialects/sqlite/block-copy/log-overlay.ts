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

/** The last committed version of every page that is in a log, for a copy of the file that the log belongs to. */
export class LogOverlay {
  readonly #file: number
  readonly #salt: string
  readonly #pageBytes: number
  /** Where the last version of a page begins in the log. */
  readonly #places: ReadonlyMap<number, number>
  /** In the order of the database. */
  readonly #pages: readonly number[]

  private constructor(file: number, salt: string, pageBytes: number, places: ReadonlyMap<number, number>) {
    this.#file = file
    this.#salt = salt
    this.#pageBytes = pageBytes
    this.#places = places
    this.#pages = [...places.keys()].sort((a, b) => a - b)
  }

  /**
   * Reads a log up to the commit of `index`. The log may be opened and closed here: SQLite locks other files.
   *
   * @param between Called now and then; it may throw.
   * @returns `undefined` when the log is no longer, or not at all, what `index` tells.
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

  /** @returns the page as the log has it, if it has it. */
  page(number: number): Buffer | undefined {
    return this.#places.has(number) ? this.#read([number]) : undefined
  }

  /**
   * Writes the pages of the log from `first` up to `end`, which is not among them, into a copy. A log that was begun anew is
   * left out: that can only be where all of it is in the database file.
   *
   * @param copy A file descriptor.
   */
  writeInto(copy: number, first: number, end: number): void {
    const pages = this.#pages.slice(this.#indexOf(first), this.#indexOf(end))
    if (pages.length === 0) return
    const content = this.#read(pages)
    // In this order: who begins a log anew writes its header first, so what was read before this is of the old one.
    if (!this.#current()) return
    if (content === undefined)
      throw new PersistenceError('IO_ERROR', 'backup', 'backup: the log could not be read; check the disk')
    // Pages that follow one another are written at once.
    for (let from = 0, to = 1; from < pages.length; from = to++) {
      while (to < pages.length && pages[to] === (pages[to - 1] as number) + 1) to++
      const place = ((pages[from] as number) - 1) * this.#pageBytes
      writeAll(copy, content.subarray(from * this.#pageBytes, to * this.#pageBytes), place)
    }
  }

  /** Whether the log is the one that was read. */
  #current(): boolean {
    const header = Buffer.alloc(HEADER_BYTES)
    return readSync(this.#file, header, 0, HEADER_BYTES, 0) === HEADER_BYTES && saltOf(header) === this.#salt
  }

  /** @returns `undefined` when the log has become too short. */
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

/** Every frame has its checksum checked, so that a log that is written over meanwhile is not taken for the old one. */
function readPlaces(
  file: number,
  { frames, pages, checksum, salt }: LogIndex,
  pageBytes: number,
  between: () => void,
): ReadonlyMap<number, number> | undefined {
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  const framesAtOnce = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes))
  // Of its own memory, which begins at a whole word.
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
