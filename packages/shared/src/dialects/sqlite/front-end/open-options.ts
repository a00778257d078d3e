import { ADAPTER_OPTIONS, type AdapterOptions } from '../../../adapter/adapter-options.js'
import { flagValue, invalidOption } from '../../../arguments/invalid.js'
import type { Complete, OptionNames } from '../../../arguments/options.js'
import type { StartWorker } from '../thread/worker.js'

/** Options of `open`, for a file that the adapter opens itself. */
export interface OpenOptions extends AdapterOptions {
  /**
   * What an awaited write survives. `power`: a power loss, at the cost of one disk flush per commit (WAL with synchronous FULL).
   * `process`: a crash of the process; a power loss may lose the last commits (synchronous NORMAL). Default `power`.
   */
  durability?: 'power' | 'process' | undefined
  /** Opens the file for reading only. It must exist, and its tables must be current. Default `false`. */
  readOnly?: boolean | undefined
  /**
   * Declares that nothing can change the file, as on read-only media. It is then read without locks and without the files beside
   * it. Implies `readOnly`. A file whose WAL is not empty is refused, because the WAL would not be read. Default `false`.
   */
  immutable?: boolean | undefined
  /** Permission bits of a new file, and of its -wal and -shm files. Default `0o600`. */
  mode?: number | undefined
  /** The maximum size in bytes of the connection's page cache. Default: that of SQLite, 2 MB. */
  cacheSize?: number | undefined
  /**
   * The maximum number of bytes of the file that are read through mmap. It makes reads of large files faster. But a read error of
   * the disk, or another process that truncates the file, kills this process with SIGBUS. Default 0: no mmap.
   */
  mmapSize?: number | undefined
  /**
   * The size in bytes of the WAL at which a commit runs a checkpoint. The WAL grows further while a reader holds an older
   * snapshot. A larger WAL makes writes to many rows cheaper, but the commit that runs the checkpoint takes longer. Default: that
   * of SQLite, 1,000 pages, which is 4 MB. No effect with `readOnly`.
   */
  walSize?: number | undefined
  /**
   * Whether the engine runs in its own thread, so that no statement blocks the event loop. Locks of the kind `process` stay in
   * this thread, at full speed. An app that is bundled into one file passes a function that starts the thread. Default `false`.
   */
  worker?: boolean | StartWorker | undefined
  /**
   * The number of additional read-only connections, each in its own thread. They run `keys`, `list`, `stats` and `inspect`, so
   * that other calls do not wait for these. Only with `worker`. Default 0, at most 16.
   */
  readers?: number | undefined
}

export const OPEN_OPTIONS: OptionNames<OpenOptions> = {
  ...ADAPTER_OPTIONS,
  durability: true,
  readOnly: true,
  immutable: true,
  mode: true,
  cacheSize: true,
  mmapSize: true,
  walSize: true,
  worker: true,
  readers: true,
}

/** Validated options with their defaults. */
export type ResolvedOpenOptions = Complete<Omit<OpenOptions, keyof AdapterOptions>, 'cacheSize' | 'walSize'>

const MOST_READERS = 16
const SMALLEST_WAL = 64 * 1024
// A read looks a page up in each block of the WAL index (4,096 pages per block), and a crash makes the next opener read the whole
// WAL.
const LARGEST_WAL = 1024 ** 3

/** @throws PersistenceError `INVALID_OPTION`. */
export function resolveOpenOptions(options: OpenOptions): ResolvedOpenOptions {
  const {
    durability = 'power',
    immutable = false,
    readOnly = immutable === true,
    mode = 0o600,
    cacheSize,
    mmapSize = 0,
    worker = false,
    readers = 0,
  } = options
  if (durability !== 'power' && durability !== 'process')
    throw invalidOption('durability', durability, "'power' or 'process'")
  flagValue(readOnly, 'options', 'readOnly', 'INVALID_OPTION')
  flagValue(immutable, 'options', 'immutable', 'INVALID_OPTION')
  if (immutable && !readOnly)
    throw invalidOption('readOnly', readOnly, 'true with immutable: true, which cannot write; leave one of the two out')
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777)
    throw invalidOption('mode', mode, 'permission bits from 0 to 0o777')
  if (options.closeOnDisconnect === false) {
    throw invalidOption(
      'closeOnDisconnect',
      false,
      'true with open(): nobody else holds the handle that would stay open',
    )
  }
  if (typeof worker !== 'boolean' && typeof worker !== 'function')
    throw invalidOption('worker', worker, 'true, false or a function that starts the thread')
  if (!Number.isInteger(readers) || readers < 0 || readers > MOST_READERS)
    throw invalidOption('readers', readers, `a whole number from 0 to ${MOST_READERS}`)
  if (readers > 0 && worker === false) throw invalidOption('readers', readers, '0 without worker: true')
  return {
    durability,
    readOnly,
    immutable,
    mode,
    cacheSize: cacheSize === undefined ? cacheSize : bytes('cacheSize', cacheSize),
    mmapSize: bytes('mmapSize', mmapSize),
    walSize: options.walSize === undefined ? undefined : walBytes(options.walSize),
    worker,
    readers,
  }
}

function bytes(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw invalidOption(name, value, 'a whole number of bytes from 0')
}

function walBytes(value: number): number {
  if (Number.isInteger(value) && value >= SMALLEST_WAL && value <= LARGEST_WAL) return value
  throw invalidOption(
    'walSize',
    value,
    `a whole number of bytes from ${SMALLEST_WAL} (64 KiB) to ${LARGEST_WAL} (1 GiB)`,
  )
}
