import type { Place, PlaceOptions } from '../../connection/place.js'
import { hasCode, PersistenceError } from '../../errors/persistence-error.js'
import type { OperationQueue } from '../../queue/operation-queue.js'
import { BusyTimeout } from './engine/busy-timeout.js'
import { probeEngine } from './engine/engine-probe.js'
import { LogWatch } from './file/log-watch.js'
import { OpenFile } from './file/open-file.js'

/** The file behind a handle, or a database in memory. */
export class SqlitePlace implements Place {
  readonly guard: LogWatch
  /** The version of the SQLite library. */
  version = ''
  /** The path of the main database file; empty for a database in memory. */
  location = ''
  readonly #options: PlaceOptions
  #busyTimeout: BusyTimeout | undefined
  #file: OpenFile | undefined

  constructor(options: PlaceOptions) {
    this.#options = options
    const { clock, driver, lose } = options
    const openings = (): number => (driver.synchronous ? 1 : (driver.openings ?? 1))
    this.guard = new LogWatch(clock, openings, lose)
  }

  /** Device and inode. */
  get identity(): string | undefined {
    return this.#file?.identity
  }

  /** Whether nothing can change the file, as declared by the app. */
  get immutable(): boolean {
    return this.#options.immutable
  }

  get split(): boolean {
    return this.guard.split
  }

  async enter(queue: OperationQueue): Promise<void> {
    try {
      await this.#enter(queue)
    } catch (error) {
      if (hasCode(error, 'BUSY')) throw heldAlone(error)
      throw this.#options.readOnly && !this.#options.immutable ? cannotJustRead(error) : error
    }
  }

  async schemaReady(): Promise<void> {
    await this.#file?.watchLog()
  }

  lockedInMemory(): void {
    this.#file?.lockedInMemory()
  }

  stop(): void {
    this.#file?.stopWatching()
  }

  async restoreHandle(): Promise<void> {
    await this.#busyTimeout?.putBack()
  }

  closed(): void {
    this.#file?.leave()
  }

  leftOpen(isOpen: () => Promise<boolean>): void {
    this.#file?.leaveOpen(isOpen)
  }

  async #enter(queue: OperationQueue): Promise<void> {
    const { driver, clock, diagnostics, busyTimeout, immutable, lose } = this.#options
    this.#busyTimeout ??= new BusyTimeout({ queue, engine: driver.engine }, busyTimeout)
    await this.#busyTimeout.shorten()
    this.version = await probeEngine(queue, driver.engine)
    const databases = await queue.query('connect', 'PRAGMA database_list')
    this.location = String(databases.find(({ name }) => name === 'main')?.file ?? '')
    if (this.location === '') return
    const user = { queue, diagnostics, log: this.guard, immutable, lose }
    this.#file ??= await OpenFile.enter(this.location, driver, clock, user)
    // Nothing writes the file, so nothing is unsafe.
    if (!immutable) await this.#file.reportUnsafeEnvironment(this.version)
    await this.#file.watchLog()
  }
}

/** Writers in WAL mode keep no reader out. */
function heldAlone({ operation, message, cause }: PersistenceError): PersistenceError {
  return new PersistenceError(
    'BUSY',
    operation,
    `${message}; it has the file for itself, as a running standby does`,
    cause,
  )
}

/**
 * Converts the error of a failed first read of a file opened with `readOnly: true`. Readers of a file in WAL mode share an index
 * beside it. The first reader creates this index, and after a crash it recovers the WAL.
 */
function cannotJustRead(error: unknown): unknown {
  if (!(error instanceof PersistenceError) || (error.code !== 'READ_ONLY' && error.code !== 'CANNOT_OPEN')) return error
  const { code, operation, cause } = error
  return new PersistenceError(
    code,
    operation,
    `${operation}: the file cannot be read without writing beside it (its -shm in WAL mode, or recovery after a crash); ` +
      'let its folder be written, keep a process that writes connected to the file, or read a copy of it; ' +
      'if nobody can change it, open it with immutable: true',
    cause,
  )
}
