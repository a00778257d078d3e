import { createHash } from 'node:crypto'
import { closeSync, fsync, openSync, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { CopiedBytes } from '../block-copy/copied-bytes.js'
import type { StopFlag } from '../thread/stop-flag.js'
import { stopped } from './stopped.js'

const CHUNK_BYTES = 1024 * 1024
const POLL_MS = 2

const flush = promisify(fsync)

export interface HashedFile {
  readonly bytes: number
  readonly sha256: string
}

/** A file that is still being written, from its beginning. */
export interface GrowingFile {
  /** Of the {@link CopiedBytes}. */
  readonly memory: SharedArrayBuffer
  /** That it will have. */
  readonly bytes: number
}

/**
 * Reads a whole file, in a thread that may be held for as long. Not for a file that an engine of this process has open:
 * closing it drops the locks of all.
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
 * {@link hashFile}, and flushes the file to the disk: the system does that while the file is read, from when it will not
 * change any more.
 *
 * @param growing Of a file that is being written: it is read as it grows.
 */
export async function hashAndFlush(path: string, stop: StopFlag, growing?: GrowingFile): Promise<HashedFile> {
  const file = openSync(path, 'r+')
  let flushed: Promise<void> | undefined
  const onWhole = (): void => {
    flushed ??= flush(file)
    // Told below, unless something else has failed before.
    flushed.catch(() => undefined)
  }
  try {
    const hashed = hashOpen(file, stop, growing && new Growth(growing, stop), onWhole)
    await flushed
    return hashed
  } finally {
    // Its number must not be another file's meanwhile.
    await flushed?.catch(() => undefined)
    closeSync(file)
  }
}

/** @param onWhole Called before each read from when the file is whole. */
function hashOpen(file: number, stop: StopFlag, growth?: Growth, onWhole?: () => void): HashedFile {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let bytes = 0; ; ) {
    const length = Math.min(CHUNK_BYTES, growth?.waitForMore(bytes) ?? CHUNK_BYTES)
    if (growth?.whole ?? true) onWhole?.()
    // Reads that wait for a thread of the pool took a third longer.
    const read = readSync(file, chunk, 0, length, bytes)
    if (read === 0) return { bytes, sha256: hash.digest('hex') }
    if (stop.requested) throw stopped()
    hash.update(chunk.subarray(0, read))
    bytes += read
  }
}

/** How far another thread is with a file. */
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
      if (this.#stop.requested) throw stopped()
      this.#stop.wait(POLL_MS)
    }
    return Math.min(this.#copied.count, this.#bytes) - read
  }
}
