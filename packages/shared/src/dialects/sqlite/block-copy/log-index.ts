import { access, constants } from 'node:fs/promises'
import { readByDd } from './dd.js'
import { LogChecksum } from './log-checksum.js'

/** The committed part of a write-ahead log. */
export interface LogIndex {
  /** The number of frames up to the last commit. 0 if the file contains the whole database. */
  readonly frames: number
  /** The number of pages of the database after that commit. */
  readonly pages: number
  /** The running checksum after the last of the frames. */
  readonly checksum: readonly [first: number, second: number]
  /** Distinguishes this log from the next one in the same file. Hex. */
  readonly salt: string
}

const HEADER_BYTES = 48
const FORMAT = 3_007_000
const INITIALIZED_AT = 12
const CHECKED_BYTES = 40

/**
 * Reads the WAL index, the `-shm` file that all connections share. Another process reads it, because closing that file in this
 * process would release the locks of its connections.
 *
 * @param between Called at intervals. It may throw.
 * @returns `undefined` while a connection writes the index, and if the index cannot be read or may be stale.
 */
export async function readLogIndex(database: string, between: () => void): Promise<LogIndex | undefined> {
  const path = `${database}-shm`
  const bytes = (await isWritable(path)) ? await readByDd(path, 2 * HEADER_BYTES, between) : Buffer.alloc(0)
  const header = bytes.subarray(0, HEADER_BYTES)
  // A writer writes the second copy first, and the first one last.
  if (bytes.length !== 2 * HEADER_BYTES || !header.equals(bytes.subarray(HEADER_BYTES))) return undefined
  return parsed(header)
}

function parsed(header: Buffer): LogIndex | undefined {
  // In the byte order of this machine.
  const words = new Uint32Array(HEADER_BYTES / 4)
  header.copy(Buffer.from(words.buffer))
  const word = (at: number): number => words[at / 4] as number
  const sum = new LogChecksum()
  sum.add(words, 0, CHECKED_BYTES / 4)
  if (word(0) !== FORMAT || header[INITIALIZED_AT] !== 1 || !sum.equals(word(40), word(44))) return undefined
  return {
    frames: word(16),
    pages: word(20),
    checksum: [word(24), word(28)],
    // In the byte order of the log, also in the index.
    salt: header.toString('hex', 32, 40),
  }
}

/** For the first connection that may not write the index file, SQLite ignores that file and builds an index in its own memory. */
async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
