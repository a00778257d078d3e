import { checkSignal } from '../../../arguments/abort-signal.js'
import { invalidOption } from '../../../arguments/invalid.js'
import type { OptionNames } from '../../../arguments/options.js'
import { resolveNewFilePath } from '../file/check-path.js'
import type { StartWorker } from '../thread/worker.js'

/** Options of `Standby.follow`. It also accepts those of `open`, for reads and for the adapter that takes over. */
export interface FollowOptions {
  /** The file of the standby: a path without a file, an earlier standby of the same source, or `:memory:`. */
  target: string
  /** ms between two polls of the source, at most an hour. Default 20. */
  every?: number | undefined
  /** Stops following. When it aborts during the first copy, `follow` rejects with its reason. */
  signal?: AbortSignal | undefined
  /** Starts the thread, for an app that is bundled into one file. Default: the export `./thread` of the package. */
  worker?: StartWorker | undefined
}

export const FOLLOW_OPTIONS: OptionNames<FollowOptions> = { target: true, every: true, signal: true, worker: true }

const DEFAULT_EVERY_MS = 20
// Polls also report to the source, which drops a standby that has not reported for a day. Dropped twice in a row, it is lost.
const LONGEST_EVERY_MS = 3_600_000

export interface ResolvedFollowOptions {
  /** An absolute path, or `:memory:`. */
  readonly target: string
  readonly every: number
  readonly signal: AbortSignal | undefined
}

/** @throws PersistenceError `INVALID_OPTION`, `INVALID_ARGUMENT`. */
export function resolveFollowOptions(options: FollowOptions): ResolvedFollowOptions {
  const { every = DEFAULT_EVERY_MS, signal, worker } = options
  const isMemory = options.target === ':memory:'
  const target = isMemory ? options.target : resolveNewFilePath(options.target, 'standby.follow', 'option target')
  checkSignal(signal, 'standby.follow')
  if (typeof every !== 'number' || !(every > 0)) throw invalidOption('every', every, 'a positive number of ms')
  if (worker !== undefined && typeof worker !== 'function') throw invalidOption('worker', worker, 'a function')
  return { target, every: Math.min(every, LONGEST_EVERY_MS), signal }
}
