import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { StopFlag } from '../thread/stop-flag.js'
import { stopped } from './stopped.js'

const CHUNK_BYTES = 1024 * 1024

export interface HashedFile {
  readonly bytes: number
  readonly sha256: string
}

/**
 * Reads a whole file. Not for one that an engine of this process has open: closing it drops the locks of all.
 *
 * @param flush Whether to flush it to the disk as well.
 */
export async function hashFile(path: string, stop: StopFlag, flush = false): Promise<HashedFile> {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const file = await open(path, flush ? 'r+' : 'r')
  try {
    for (let bytes = 0; ; ) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, bytes)
      if (bytesRead === 0) {
        if (flush) await file.sync()
        return { bytes, sha256: hash.digest('hex') }
      }
      if (stop.requested) throw stopped()
      hash.update(chunk.subarray(0, bytesRead))
      bytes += bytesRead
    }
  } finally {
    await file.close()
  }
}
