import { statSync } from 'node:fs'
import { invalidArgument, invalidCallOption, shown } from '../../../arguments/invalid.js'
import { type Complete, type OptionNames, readOptions } from '../../../arguments/options.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { resolveFilePath } from '../file/check-path.js'
import { typedError } from '../thread/typed-error.js'
import { type BackupOptions, backupOptions } from './backup-options.js'

/** Which backups are kept. A backup is deleted if none of these rules keeps it. */
export interface BackupKeep {
  /** Keeps so many of the newest backups. At least 1. Default 7. */
  last?: number | undefined
  /** Keeps the newest backup of each of so many latest days (UTC) that have one. Default 0. */
  daily?: number | undefined
  /** Keeps the newest backup of each of so many latest weeks (Monday to Sunday, UTC) that have one. Default 0. */
  weekly?: number | undefined
}

/** Options of `BackupSchedule.start`. */
export interface BackupScheduleOptions
  extends Pick<BackupOptions, 'rate' | 'maxBytesPerSecond' | 'maxWalBytes' | 'worker'> {
  /** The folder of the backups. It must exist. Other files in it are not touched. */
  directory: string
  /** ms from the start of one backup to the start of the next. */
  every: number
  /** Which backups are kept. Default: the newest 7. */
  keep?: BackupKeep | undefined
  /** Called with the error of a backup, or of the deletion of an old one. Default: the diagnostics get a `background-error`. */
  onError?: ((error: unknown) => void) | undefined
}

const NAMES: OptionNames<BackupScheduleOptions> = {
  directory: true,
  every: true,
  keep: true,
  onError: true,
  rate: true,
  maxBytesPerSecond: true,
  maxWalBytes: true,
  worker: true,
}
const KEEP: OptionNames<BackupKeep> = { last: true, daily: true, weekly: true }

const DEFAULT_LAST = 7

export interface ResolvedScheduleOptions {
  readonly directory: string
  readonly every: number
  readonly keep: Complete<BackupKeep>
  readonly onError: ((error: unknown) => void) | undefined
  readonly backup: BackupOptions
}

/** @throws PersistenceError `INVALID_ARGUMENT`; `CANNOT_OPEN` if the folder does not exist. */
export function scheduleOptions(given: BackupScheduleOptions): ResolvedScheduleOptions {
  const { directory, every, keep = {}, onError, ...backup } = readOptions(given, NAMES, 'BackupSchedule')
  const folder = resolveFilePath(directory, 'BackupSchedule', 'option directory', 'the path of a folder')
  if (!Number.isFinite(every) || every <= 0) {
    throw invalidCallOption('BackupSchedule', 'every', every, 'a number of ms above 0')
  }
  if (onError !== undefined && typeof onError !== 'function') {
    throw invalidCallOption('BackupSchedule', 'onError', onError, 'a function')
  }
  backupOptions(backup)
  checkFolder(directory)
  return { directory: folder, every, keep: keepOptions(keep), onError, backup }
}

/** Checked at the start, because an app without a listener for diagnostics would not notice that every backup fails. */
function checkFolder(directory: string): void {
  try {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return
  } catch (error) {
    throw typedError(error, 'BackupSchedule')
  }
  throw new PersistenceError(
    'CANNOT_OPEN',
    'BackupSchedule',
    `BackupSchedule: there is no folder ${JSON.stringify(directory)}; make it, or mount the disk that has it`,
  )
}

function keepOptions(given: BackupKeep): Complete<BackupKeep> {
  const {
    last = DEFAULT_LAST,
    daily = 0,
    weekly = 0,
  } = readOptions(given, KEEP, 'BackupSchedule', 'INVALID_ARGUMENT', 'option keep: ')
  const counts = { last, daily, weekly }
  for (const [name, value] of Object.entries(counts)) {
    const least = name === 'last' ? 1 : 0
    if (Number.isSafeInteger(value) && value >= least) continue
    throw invalidArgument(
      'BackupSchedule',
      `option keep.${name} must be a whole number from ${least}, got ${shown(value)}`,
    )
  }
  return counts
}
