import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { CopiedBytes } from '../block-copy/copied-bytes.js'
import { flushHandle } from '../file/flush-handle.js'
import type { StopFlag } from '../thread/stop-flag.js'

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

/**
 * Reads and hashes a whole file, which blocks the thread. Do not use it for a file that an engine of this process has open: closing
 * the file would release the engine's locks.
 */
export function hashFile(path: string, stop: StopFlag): HashedFile {
  const file = openSync(path, 'r')
  try {
    return hashOpen(file, stop)
  } finally {
    closeSync(file)
  }
}

/**
 * Reads and hashes a whole file like {@link hashFile}, and flushes it to the disk. The flush begins when the file is complete, and
 * runs while the rest is read.
 *
 * @param growing For a file that is still being written: it is read as it grows.
 */
export async function hashAndFlush(path: string, stop: StopFlag, growing?: GrowingFile): Promise<HashedFile> {
  const file = await open(path, 'r+')
  let flushed: Promise<void> | undefined
  const onWhole = (): void => {
    flushed ??= flushHandle(file)
    // The error is thrown below, unless reading fails first.
    flushed.catch(() => undefined)
  }
  try {
    const hashed = hashOpen(file.fd, stop, growing && new Growth(growing, stop), onWhole)
    await flushed
    return hashed
  } finally {
    await flushed?.catch(() => undefined)
    await file.close()
  }
}

/** @param onWhole Called before each read once the file is complete. */
function hashOpen(file: number, stop: StopFlag, growth?: Growth, onWhole?: () => void): HashedFile {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let bytes = 0; ; ) {
    const length = Math.min(CHUNK_BYTES, growth?.waitForMore(bytes) ?? CHUNK_BYTES)
    if (growth?.whole ?? true) onWhole?.()
    // Synchronous: reads by the thread pool took a third longer.
    const read = readSync(file, chunk, 0, length, bytes)
    if (read === 0) return { bytes, sha256: hash.digest('hex') }
    stop.throwIfRequested()
    hash.update(chunk.subarray(0, read))
    bytes += read
  }
}

/** The progress of another thread that writes a file. */
class Growth {
  readonly #copied: CopiedBytes
  readonly #bytes: number
  readonly #stop: StopFlag

  constructor({ memory, bytes }: GrowingFile, stop: StopFlag) {
    this.#copied = new CopiedBytes(memory)
    this.#bytes = bytes
    this.#stop = stop
  }

  get whole(): boolean {
    return this.#copied.count >= this.#bytes
  }

  /** Waits until there are more than the first `read` bytes. @returns how many more; 0 at the end. */
  waitForMore(read: number): number {
    while (!this.whole && this.#copied.count <= read) {
      this.#stop.throwIfRequested()
      this.#stop.wait(POLL_MS)
    }
    return Math.min(this.#copied.count, this.#bytes) - read
  }
}
