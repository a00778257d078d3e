import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import type { SqlAdapter } from '../../../adapter/sql-adapter.js'
import { checkSignal, untilAborted } from '../../../arguments/abort-signal.js'
import { flagValue, invalidArgument, shown } from '../../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../../arguments/options.js'
import type { SqlDriver } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { SqlCacheProvider } from '../../../stores/cache/cache-provider.js'
import type { SqlCheckpointProvider } from '../../../stores/checkpoint/checkpoint-store.js'
import type { SqlCircuitBreakerProvider } from '../../../stores/circuit-breaker/circuit-provider.js'
import type { SqlIdempotencyProvider } from '../../../stores/idempotency/idempotency-store.js'
import { typedError } from '../thread/typed-error.js'
import { standbyReads } from './standby-reads.js'
import type { StandbyCondition, Verification } from './standby-state.js'
import type { StandbyThread } from './standby-thread.js'
import { ThreadDriver } from './thread-driver.js'

/** Creates the adapters for a standby that takes over. */
export interface StandbyHost<Adapter> {
  /** On a database in the memory of another thread. */
  adapter(handle: object, driver: () => SqlDriver): Promise<Adapter>
  /**
   * On the file of the standby.
   *
   * @param identity Its device and inode.
   * @throws PersistenceError `FILE_REPLACED` when the path no longer leads to that file.
   */
  open(path: string, identity: string | undefined): Promise<Adapter>
}

/** Options of {@link Standby.takeOver}. */
export interface TakeOverOptions {
  /**
   * Takes over even while the source is in use. Processes that use the source continue to write to it, and only the contents
   * distinguish the two files. A standby that is `stopped` takes over even if its source has later changes, and loses them. One
   * that is `diverged` takes over unless its own rows differ. Default `false`.
   */
  force?: boolean | undefined
}

const WAIT_OPTIONS: OptionNames<{ signal?: AbortSignal }> = { signal: true }
const TAKE_OVER_OPTIONS: OptionNames<TakeOverOptions> = { force: true }

/**
 * A copy of the adapters' tables of a file, in another file or in memory. It is kept up to date while the source is in use, and
 * can take over when the source is lost. It has the writes of every process to those tables, but none of the app's own tables. At
 * any time its content is a consistent snapshot of the source.
 *
 * A standby keeps the process alive until it is stopped.
 */
export class Standby<Adapter> implements AsyncDisposable {
  /** Reads of the cache. */
  readonly cache: Pick<SqlCacheProvider, 'get' | 'getMany' | 'has' | 'keys'>
  /** Reads of results. */
  readonly idempotency: Pick<SqlIdempotencyProvider, 'get'>
  /** Reads of checkpoints. */
  readonly checkpoint: Pick<SqlCheckpointProvider, 'load' | 'loadLatest' | 'list'>
  /** Reads of circuits. */
  readonly circuitBreaker: Pick<SqlCircuitBreakerProvider, 'getState'>
  readonly #thread: StandbyThread
  readonly #target: string
  readonly #host: StandbyHost<Adapter>
  readonly #reads: SqlAdapter
  #takenOver = false
  /** A takeover that was made, while its database could not be opened. */
  #unopened: { readonly identity: string | undefined } | undefined
  /** Settles when the last takeover has succeeded or failed. */
  #takingOver: Promise<void> | undefined

  /** @param thread A thread that has begun. */
  constructor(thread: StandbyThread, target: string, host: StandbyHost<Adapter>, options: AdapterOptions) {
    this.#thread = thread
    this.#target = target
    this.#host = host
    this.#reads = standbyReads(thread, options)
    const { cache, idempotency, checkpoint, circuitBreaker } = this.#reads
    this.cache = cache
    this.idempotency = idempotency
    this.checkpoint = checkpoint
    this.circuitBreaker = circuitBreaker
  }

  /** Whether the standby follows its source, and why not; see {@link StandbyCondition}. */
  get state(): StandbyCondition {
    return this.#thread.state.state
  }

  /** Why the standby does not follow or waits for a disk, or why its last full copy was made. */
  get reason(): string | undefined {
    return this.#thread.state.reason
  }

  /** The number of the last change of the source that the standby has. */
  get position(): number | undefined {
    return this.#thread.state.position
  }

  /**
   * How many changes the standby lacked at its last poll of the source. `undefined` before the first poll, during a new full
   * copy, and when it no longer follows.
   */
  get behind(): number | undefined {
    return this.#thread.state.behind
  }

  /** Epoch ms of the standby's last poll of the source. */
  get checkedAt(): number | undefined {
    return this.#thread.state.checkedAt
  }

  /**
   * Waits until the standby has a change of the source.
   *
   * @param position The number of the change. Default: the last change that is committed in the source now.
   * @returns the number of the last change that the standby has.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`; while it waits for a disk `DISK_FULL`, `IO_ERROR`, `CORRUPT`; the reason of
   *   the signal.
   */
  async waitFor(position?: number, options: { signal?: AbortSignal | undefined } = {}): Promise<number> {
    if (position !== undefined && !Number.isSafeInteger(position)) {
      throw invalidArgument('standby.waitFor', `position must be a whole number, got ${shown(position)}`)
    }
    const { signal } = readOptions(options, WAIT_OPTIONS, 'standby.waitFor')
    checkSignal(signal, 'standby.waitFor')
    return untilAborted(signal, this.#thread.request('reach', { position }))
  }

  /**
   * Compares every cell of the standby and of the source in one snapshot, by a checksum, and checks the standby with
   * `integrity_check`. Reads wait meanwhile, about half a second for 100,000 rows. A difference makes the standby `diverged`;
   * damage makes it `lost`.
   *
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `DISK_FULL`, `IO_ERROR`, `CORRUPT`.
   */
  verify(): Promise<Verification> {
    return this.#thread.request('verify', {})
  }

  /**
   * Turns the standby into an independent database, after it has applied the last changes of the source, if the source is
   * readable. Lock tokens and claim generations continue far above all that the source has granted, and the database has a new
   * lineage. The standby has then ended; {@link stop} waits until it has left the source too. If the database cannot be opened
   * then, the error says that it has taken over, and another call opens it.
   *
   * @returns a connected adapter on the new database.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `FILE_IN_USE`, `CORRUPT`, `BUSY`, `DISK_FULL`, `IO_ERROR`; the standby
   *   then continues as before. `FILE_REPLACED` when it has taken over, and its file was renamed, deleted or replaced before it
   *   was opened.
   */
  async takeOver(options: TakeOverOptions = {}): Promise<Adapter> {
    const { force = false } = readOptions(options, TAKE_OVER_OPTIONS, 'standby.takeOver')
    flagValue(force, 'standby.takeOver', 'force')
    const taken = this.#unopened ?? { identity: await this.#end(force) }
    this.#unopened = undefined
    try {
      await this.#reads.disconnect()
      return await this.#open(taken.identity)
    } catch (error) {
      this.#unopened = taken
      throw notOpened(error, this.#target)
    }
  }

  /**
   * Stops following, after a takeover that has begun. The last follower of a source removes the log from it. The file of the
   * standby stays. May be called again.
   *
   * @throws PersistenceError `BUSY` when others write to the source without a pause, `DISK_FULL`, `IO_ERROR`; the log
   *   then stays in the source for a day.
   */
  async stop(): Promise<void> {
    // Its thread may have the only copy.
    await this.#takingOver
    // The adapter that has taken over now owns the thread.
    if (this.#takenOver && this.#unopened === undefined && this.#target === ':memory:') return
    await this.#reads.disconnect()
    await this.#thread.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Takes over. @returns device and inode of the file of the new database; `undefined` for one in memory. */
  #end(force: boolean): Promise<string | undefined> {
    const taking = this.#thread.request('takeOver', { force })
    this.#takingOver = taking.then(
      () => {
        this.#takenOver = true
      },
      () => undefined,
    )
    return taking
  }

  #open(identity: string | undefined): Promise<Adapter> {
    // The thread has closed the file, and is leaving the source now.
    if (this.#target !== ':memory:') return this.#host.open(this.#target, identity)
    const driver = new ThreadDriver(this.#thread)
    return this.#host.adapter({}, () => driver)
  }
}

/** Creates the error of a takeover that was made, and whose database could not be opened. */
function notOpened(cause: unknown, target: string): PersistenceError {
  const error = typedError(cause, 'standby.takeOver')
  if (error.code === 'FILE_REPLACED' && error.operation === 'standby.takeOver') return error
  const instead = target === ':memory:' ? '' : `, or open ${target} by SQLiteAdapter.open`
  return new PersistenceError(
    error.code,
    'standby.takeOver',
    `standby.takeOver: the standby is a database of its own now, but could not be opened; call takeOver() again${instead} (${error.message})`,
    error,
  )
}
