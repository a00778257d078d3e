import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { vi } from 'vitest'
import { processView } from '../../../packages/shared/src/dialects/sqlite/file/process-view.js'

export function collectGarbage(): void {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } }
  if (Bun !== undefined) {
    Bun.gc(true)
    return
  }
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/**
 * Waits until at most `libraries` copies of SQLite have the file at `path` open in this process: version 1 of
 * @photostructure/sqlite keeps a file open until its statements are collected.
 */
export async function untilFree(path: string, libraries = 0): Promise<void> {
  const isFree = async (): Promise<boolean> => {
    collectGarbage()
    return ((await processView(path))?.libraries ?? 0) <= libraries
  }
  await vi.waitUntil(isFree, { timeout: 10_000, interval: 1 })
}
