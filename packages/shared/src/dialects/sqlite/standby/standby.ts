import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import type { SqlAdapter } from '../../../adapter/sql-adapter.js'
import { checkSignal } from '../../../arguments/abort-signal.js'
import { invalidArgument, shown } from '../../../arguments/invalid.js'
import type { SqlDriver } from '../../../driver/driver.js'
import type { SqlCacheProvider } from '../../../stores/cache/cache-provider.js'
import type { SqlCheckpointProvider } from '../../../stores/checkpoint/checkpoint-store.js'
import type { SqlCircuitBreakerProvider } from '../../../stores/circuit-breaker/circuit-breaker-store.js'
import type { SqlIdempotencyProvider } from '../../../stores/idempotency/idempotency-store.js'
import { untilAborted } from './abortable.js'
import { standbyReads } from './standby-reads.js'
import type { StandbyCondition, Verification } from './standby-state.js'
import type { StandbyThread } from './standby-thread.js'
import { ThreadDriver } from './thread-driver.js'

/** What makes adapters for a standby that takes over. */
export interface StandbyHost<Adapter> {
  /** On a database that is in the memory of another thread. */
  adapter(handle: object, driver: () => SqlDriver): Promise<Adapter>
  /** On the file of the standby. */
  open(path: string): Promise<Adapter>
}

export interface TakeOverOptions {
  /**
   * Takes over also while the source is in use. Its users go on writing to it, and nothing tells the two files apart but
   * their contents. Default `false`.
   */
  force?: boolean
}

/**
 * A copy of a file in use that is kept up to date, in another file or in memory, and takes over when the file is lost. It
 * is exact for every writer of every process: what can be read here is at any time what the source was at one moment.
 *
 * It keeps the process alive until it is stopped.
 */
export class Standby<Adapter> implements AsyncDisposable {
  readonly cache: Pick<SqlCacheProvider, 'get' | 'getMany' | 'has' | 'keys'>
  readonly idempotency: Pick<SqlIdempotencyProvider, 'get'>
  readonly checkpoint: Pick<SqlCheckpointProvider, 'load' | 'loadLatest' | 'list'>
  readonly circuitBreaker: Pick<SqlCircuitBreakerProvider, 'getState'>
  readonly #thread: StandbyThread
  readonly #target: string
  readonly #host: StandbyHost<Adapter>
  readonly #reads: SqlAdapter
  #takenOver = false

  /** @param thread One that has begun. */
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

  get state(): StandbyCondition {
    return this.#thread.state.state
  }

  /** Why it is not following, or why it was copied anew the last time. */
  get reason(): string | undefined {
    return this.#thread.state.reason
  }

  /** The number of the last change of the source that it has. */
  get position(): number | undefined {
    return this.#thread.state.position
  }

  /** Changes that it did not have at the last look at the source; `undefined` while nobody knows. */
  get behind(): number | undefined {
    return this.#thread.state.behind
  }

  /** Epoch ms of the last look at the source. */
  get checkedAt(): number | undefined {
    return this.#thread.state.checkedAt
  }

  /**
   * Waits until the standby has a change of the source.
   *
   * @param position Its number. Default: the last that is committed in the source now.
   * @returns the number of the last change that the standby has then.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`; the reason of the signal.
   */
  async waitFor(position?: number, options: { signal?: AbortSignal } = {}): Promise<number> {
    if (position !== undefined && !Number.isSafeInteger(position)) {
      throw invalidArgument('standby.waitFor', `position must be a whole number, got ${shown(position)}`)
    }
    checkSignal(options.signal, 'standby.waitFor')
    return untilAborted(options.signal, this.#thread.ask('reach', { position }))
  }

  /**
   * Compares the standby with the source by a checksum over every cell, both of one moment, and checks the standby by
   * `integrity_check`. Reads wait meanwhile, about half a second for 100,000 rows. What differs makes the standby `diverged`,
   * damage `lost`.
   *
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `CORRUPT`.
   */
  verify(): Promise<Verification> {
    return this.#thread.ask('verify', {})
  }

  /**
   * Makes the last step where the source can be read, and then a database of its own of the standby: tokens of locks and
   * generations of claims go on growing, far above all that the source has given, and its lineage is a new one. The
   * standby has ended then; {@link stop} waits until it has left the source as well.
   *
   * @returns a connected adapter on it.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `FILE_IN_USE`, `CORRUPT`; the standby goes on as it was.
   */
  async takeOver({ force = false }: TakeOverOptions = {}): Promise<Adapter> {
    if (typeof force !== 'boolean') {
      throw invalidArgument('standby.takeOver', `option force must be true or false, got ${shown(force)}`)
    }
    await this.#thread.ask('takeOver', { force })
    this.#takenOver = true
    await this.#reads.disconnect()
    if (this.#target === ':memory:') {
      const driver = new ThreadDriver(this.#thread)
      return this.#host.adapter({}, () => driver)
    }
    // The thread has closed it, and leaves the source now.
    return this.#host.open(this.#target)
  }

  /**
   * Ends following; the log goes with the last follower of the source. The file of the standby stays. Idempotent.
   *
   * @throws PersistenceError `BUSY` when others write to the source without a pause; a log stays there for a day then.
   */
  async stop(): Promise<void> {
    // The adapter that has taken over has the thread now.
    if (this.#takenOver && this.#target === ':memory:') return
    await this.#reads.disconnect()
    await this.#thread.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
