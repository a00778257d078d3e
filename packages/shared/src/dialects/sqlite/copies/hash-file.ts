import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { flushHandle } from '../file/flush-handle.js'
import type { StopFlag } from '../thread/stop-flag.js'

const CHUNK_BYTES = 1024 * 1024
/** About 10 ms. */
const BYTES_AT_ONCE = 16 * CHUNK_BYTES

export interface HashedFile {
  readonly bytes: number
  readonly sha256: string
}

/**
 * Reads and hashes a whole file, which blocks the thread. Do not use it for a file that an engine of this process has open: closing
 * the file would release the engine's locks.
 */
export function hashFile(path: string, stop: StopFlag): HashedFile {
  const file = openSync(path, 'r')
  try {
    const hash = new RunningHash(file, stop)
    hash.readTo(Number.POSITIVE_INFINITY)
    return hash.end()
  } finally {
    closeSync(file)
  }
}

/** Hashes a copy while it is made, and flushes it to the disk. Reading blocks the thread. */
export class CopyHash {
  readonly #file: FileHandle
  readonly #hash: RunningHash
  #flushed: Promise<void> | undefined

  private constructor(file: FileHandle, stop: StopFlag) {
    this.#file = file
    this.#hash = new RunningHash(file.fd, stop)
  }

  static async open(path: string, stop: StopFlag): Promise<CopyHash> {
    return new CopyHash(await open(path, 'r+'), stop)
  }

  /**
   * Reads on, for about 10 ms.
   *
   * @param bytes The number of bytes that will not change any more.
   * @returns whether it has read them all.
   */
  readOn(bytes: number): boolean {
    this.#hash.readTo(Math.min(bytes, this.#hash.bytes + BYTES_AT_ONCE))
    return this.#hash.bytes >= bytes
  }

  /** Begins to flush the copy, which is complete. May be called again. */
  flush(): void {
    this.#flushed ??= flushHandle(this.#file)
    // Thrown by `end`, unless something else fails first.
    this.#flushed.catch(() => undefined)
  }

  /** Reads the rest of the copy, and waits until it is flushed. */
  async end(): Promise<HashedFile> {
    this.flush()
    this.#hash.readTo(Number.POSITIVE_INFINITY)
    await this.#flushed
    return this.#hash.end()
  }

  /** Releases the locks that engines of this process have on the file. */
  async close(): Promise<void> {
    await this.#flushed?.catch(() => undefined)
    await this.#file.close()
  }
}

/** The hash of the first bytes of a file. */
class RunningHash {
  readonly #file: number
  readonly #stop: StopFlag
  readonly #hash = createHash('sha256')
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  bytes = 0

  constructor(file: number, stop: StopFlag) {
    this.#file = file
    this.#stop = stop
  }

  /** Reads on, up to `end` bytes or the end of the file. */
  readTo(end: number): void {
    while (this.bytes < end) {
      this.#stop.throwIfRequested()
      // Synchronous: reads by the thread pool took a third longer.
      const read = readSync(this.#file, this.#chunk, 0, Math.min(CHUNK_BYTES, end - this.bytes), this.bytes)
      if (read === 0) return
      this.#hash.update(this.#chunk.subarray(0, read))
      this.bytes += read
    }
  }

  end(): HashedFile {
    return { bytes: this.bytes, sha256: this.#hash.digest('hex') }
  }
}
