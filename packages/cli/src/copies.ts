import { bytes, duration } from '@go-go-scope/persistence-inspector/format'
import type { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import type { ReadOptions } from './arguments.js'
import { type ConfirmOptions, confirm } from './confirm.js'
import { untilInterrupted } from './interrupted.js'
import { loadFrontEnd, requireExists, requireFile, requireFolderOf, withDatabase } from './open-database.js'
import { say, toJson, write } from './output.js'

/** Copies a file while other processes use it. */
export async function backupDatabase(
  path: string,
  to: string,
  maxBytesPerSecond: number | undefined,
  { json, immutable }: ReadOptions,
): Promise<void> {
  requireFile(path)
  requireFolderOf(to)
  const make = (signal: AbortSignal) =>
    withDatabase(path, { immutable }, (database) =>
      (database as SQLiteAdapter).backup(to, {
        signal,
        ...(maxBytesPerSecond !== undefined && { maxBytesPerSecond }),
        ...(process.stderr.isTTY && { progress: showProgress }),
      }),
    )
  const made = await untilInterrupted(make)
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  say(`copied ${bytes(made.bytes)} in ${duration(made.milliseconds)}, read again and found whole`)
  await write(json === true ? `${toJson(made, 2)}\n` : `${made.path}\n`)
}

/** Replaces a database by a backup. */
export async function restoreDatabase(
  from: string,
  to: string,
  options: ConfirmOptions & { json?: boolean | undefined; 'allow-unverified'?: boolean | undefined },
): Promise<void> {
  const { yes, json, 'allow-unverified': allowUnverified = false } = options
  requireExists(from)
  requireFolderOf(to)
  await confirm(`put ${from} in the place of ${to}`, { yes })
  const { restore } = await loadFrontEnd()
  const restored = await untilInterrupted((signal) => restore(from, to, { allowUnverified, signal }))
  if (restored.kept !== undefined) say(`the file that was there is now ${restored.kept}`)
  await write(json === true ? `${toJson(restored, 2)}\n` : `${restored.path}\n`)
}

function showProgress({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }): void {
  const percent = totalPages === 0 ? 100 : Math.floor((100 * (totalPages - remainingPages)) / totalPages)
  process.stderr.write(`\rcopying ${percent} %`)
}
