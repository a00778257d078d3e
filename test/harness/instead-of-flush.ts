import { type FileHandle, open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'

/** Runs `work`, and meanwhile calls `flush` instead of flushing a file by its handle. */
export async function insteadOfFlush(
  flush: (handle: FileHandle) => Promise<void>,
  work: () => Promise<void>,
): Promise<void> {
  const any = await open(fileURLToPath(import.meta.url))
  await any.close()
  // Node does not export the class.
  const sync = vi.spyOn(Object.getPrototypeOf(any) as FileHandle, 'sync').mockImplementation(function (
    this: FileHandle,
  ) {
    return flush(this)
  })
  try {
    await work()
  } finally {
    sync.mockRestore()
  }
}
