import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync } from 'node:fs'
import { CopiedBytes } from '../block-copy/copied-bytes.js'
import type { StopFlag } from '../thread/stop-flag.js'
import { stopped } from './stopped.js'

const CHUNK_BYTES = 1024 * 1024
const POLL_MS = 2

export interface HashedFile {
  readonly bytes: number
  readonly sha256: string
}

/** A file that is still being written, from its beginning to its end. */
export interface GrowingFile {
  /** Of the {@link CopiedBytes}. */
  readonly memory: SharedArrayBuffer
  /** The number of bytes that the file will have. */
  readonly bytes: number
}

export interface HashFileOptions {
  /** Whether the file is also flushed to the disk. Default `false`. */
  readonly flush?: boolean
  /** For a file that is still being written: it is read as it grows. */
  readonly growing?: GrowingFile | undefined
}

/**
 * Reads and hashes a whole file. It holds its thread for as long as that takes. Not for a file that an engine of this process has
 * open: closing it would drop the engine's locks.
 */
export function hashFile(path: string, stop: StopFlag, { flush = false, growing }: HashFileOptions = {}): HashedFile {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const next = growing && waitForBytes(growing, stop)
  // Reads that wait for a thread of the pool took a third longer.
  const file = openSync(path, flush ? 'r+' : 'r')
  try {
    for (let bytes = 0; ; ) {
      const read = readSync(file, chunk, 0, next?.(bytes) ?? CHUNK_BYTES, bytes)
      if (read === 0) {
        if (flush) fsyncSync(file)
        return { bytes, sha256: hash.digest('hex') }
      }
      if (stop.requested) throw stopped()
      hash.update(chunk.subarray(0, read))
      bytes += read
    }
  } finally {
    closeSync(file)
  }
}

/** @returns what waits until there is more than the first `read` bytes, and says how many to read; 0 at the end. */
function waitForBytes({ memory, bytes }: GrowingFile, stop: StopFlag): (read: number) => number {
  const copied = new CopiedBytes(memory)
  return (read) => {
    while (read < bytes && copied.count <= read) {
      if (stop.requested) throw stopped()
      stop.wait(POLL_MS)
    }
    return Math.min(CHUNK_BYTES, Math.min(copied.count, bytes) - read)
  }
}
