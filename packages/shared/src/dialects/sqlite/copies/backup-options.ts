import { checkSignal } from '../../../arguments/abort-signal.js'
import { invalidCallOption } from '../../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../../arguments/options.js'
import type { CopyProgress } from '../engine/backup-steps.js'
import type { StartWorker } from '../thread/worker.js'

/** Options of `backup`. */
export interface BackupOptions {
  /** Called while the copy grows, with counts of pages. What it throws or rejects with is a `listener-error`. */
  progress?: ((progress: CopyProgress) => void) | undefined
  /** Ends the backup, which rejects with the reason of the signal within 100 ms and leaves nothing behind. */
  signal?: AbortSignal | undefined
  /**
   * The number of pages that are copied in one step. Default 1000. No effect on a file of 128 MiB or more, which is copied by
   * large blocks unless `maxBytesPerSecond` is set.
   */
  rate?: number | undefined
  /** The maximum number of bytes that are copied in a second. Default: no limit. */
  maxBytesPerSecond?: number | undefined
  /**
   * The size in bytes of the write-ahead log at which the backup ends with `LOG_TOO_LARGE`. The log cannot be reset before the
   * copy is done, so it grows meanwhile. Default: no limit.
   */
  maxWalBytes?: number | undefined
  /** Starts the thread, for an app that is bundled into one file. Default: the export `./thread` of the package. */
  worker?: StartWorker | undefined
}

const NAMES: OptionNames<BackupOptions> = {
  progress: true,
  signal: true,
  rate: true,
  maxBytesPerSecond: true,
  maxWalBytes: true,
  worker: true,
}

const DEFAULT_RATE_PAGES = 1_000

/** Checked options with their defaults. */
export interface ResolvedBackupOptions extends BackupOptions {
  readonly rate: number
}

/** @throws PersistenceError `INVALID_ARGUMENT`. */
export function backupOptions(given: BackupOptions = {}): ResolvedBackupOptions {
  const options = readOptions(given, NAMES, 'backup')
  checkSignal(options.signal, 'backup')
  checkFunction('progress', options.progress)
  checkFunction('worker', options.worker)
  for (const name of ['rate', 'maxBytesPerSecond', 'maxWalBytes'] as const) {
    const value = options[name]
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw invalidCallOption('backup', name, value, 'a whole number from 1')
  }
  return { ...options, rate: options.rate ?? DEFAULT_RATE_PAGES }
}

function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw invalidCallOption('backup', name, value, 'a function')
}
