import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync } from 'node:fs'
import type { StopFlag } from '../thread/stop-flag.js'
import { stopped } from './stopped.js'

const CHUNK_BYTES = 1024 * 1024

export interface HashedFile {
  readonly bytes: number
  readonly sha256: string
}

/**
 * Reads a whole file, in a thread that may be held for as long. Not for a file that an engine of this process has open:
 * closing it drops the locks of all.
 *
 * @param flush Whether to flush it to the disk as well.
 */
export function hashFile(path: string, stop: StopFlag, flush = false): HashedFile {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  // Reads that wait for a thread of the pool took a third longer.
  const file = openSync(path, flush ? 'r+' : 'r')
  try {
    for (let bytes = 0; ; ) {
      const read = readSync(file, chunk, 0, CHUNK_BYTES, bytes)
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
