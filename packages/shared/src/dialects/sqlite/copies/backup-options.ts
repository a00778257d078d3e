import { checkSignal } from '../../../arguments/abort-signal.js'
import { invalidArgument, shown } from '../../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../../arguments/options.js'
import type { CopyProgress } from '../engine/backup-steps.js'
import type { StartWorker } from '../thread/worker.js'

/** Options of `backup`. */
export interface BackupOptions {
  /** Called as the copy grows, with pages; what it throws is reported as a `listener-error`. */
  progress?: (progress: CopyProgress) => void
  /** Ends the backup, which then rejects with the reason of the signal within 100 ms and leaves nothing behind. */
  signal?: AbortSignal
  /** Pages that are copied in one step. Default 1000. Without effect on a file from 128 MiB on that is not held back. */
  rate?: number
  /** The most bytes that are copied in a second. Default: no limit. */
  maxBytesPerSecond?: number
  /**
   * The size in bytes that the write-ahead log may grow to meanwhile, because it cannot be reset before the copy is done;
   * the backup ends with `LOG_TOO_LARGE` beyond it. Default: no limit.
   */
  maxWalBytes?: number
  /** Starts the thread, in an app that is bundled into one file. Default: the export `./thread` of the package. */
  worker?: StartWorker
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
    throw invalidArgument('backup', `option ${name} must be a whole number from 1, got ${shown(value)}`)
  }
  return { rate: DEFAULT_RATE_PAGES, ...options }
}

function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw invalidArgument('backup', `option ${name} must be a function, got ${shown(value)}`)
}
