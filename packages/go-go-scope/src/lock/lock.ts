import { onAbort } from '../cancellation/on-abort.js'
import { ignoreReport, type Reporter } from '../errors/reporter.js'
import { throwFirstRejection } from '../errors/throw-first-rejection.js'
import { checkAcquireOptions, checkLockOptions } from '../options/check-lock-options.js'
import type { Place } from '../resource/disposables.js'
import type { Waits } from '../time/waits.js'
import { LockGuard } from './lock-guard.js'
import type { LockAcquireOptions, LockOptions, LockStats, LockType } from './lock-options.js'
import type { HeldLock, LockRequest } from './lock-request.js'
import { MemoryLock } from './memory-lock.js'
import { PendingRequests } from './pending-requests.js'
import type { LockTerms } from './provider/attempt.js'
import { exclusiveAttempt } from './provider/leased-lock.js'
import { ProviderLockQueue } from './provider/provider-lock-queue.js'

/**
 * A mutex, or with `allowMultipleReaders` a read-write lock. It is in memory, or in a provider's store, and then it excludes
 * all processes that use the store. Requests of one process are served by priority, then by arrival.
 */
export class Lock {
  readonly #options: LockOptions
  readonly #mode: 'exclusive' | 'read-write'
  readonly #terms: LockTerms | undefined
  /** The lock in memory. With a key, it is the current lock of the process for that key. */
  readonly #memory: (() => MemoryLock) | undefined
  readonly #signal: AbortSignal | undefined
  readonly #place: Place | undefined
  readonly #guards = new Set<LockGuard>()
  readonly #requests: PendingRequests
  /** Set while the lock is in use. */
  #abort: Disposable | undefined
  #inUse = false
  #closed: { reason: unknown } | undefined
  #disposal: Promise<void> | undefined

  /**
   * @param signal When it aborts, waiting requests are rejected with its reason. Held locks stay held.
   * @param place Entered while the lock is held or waited for, so that a scope keeps no reference to an unused lock.
   * @param waits Counts the requests that wait.
   * @throws TypeError for an unknown option name and for an invalid value.
   */
  constructor(
    options: LockOptions = {},
    signal?: AbortSignal,
    report: Reporter = ignoreReport,
    place?: (lock: Lock) => Place,
    waits?: Waits,
  ) {
    checkLockOptions(options)
    const { provider, key, ttl = 30_000 } = options
    if (provider !== undefined && !key) throw new Error(`Lock 'key' is required when using a persistence provider`)
    this.#options = options
    this.#signal = signal
    this.#place = place?.(this)
    this.#requests = new PendingRequests(() => this.#endUse(), waits)
    this.#mode = options.allowMultipleReaders ? 'read-write' : 'exclusive'
    if (provider !== undefined && key) {
      const { owner = crypto.randomUUID() } = options
      this.#terms = { provider, key, ttl, owner, isOwnerGiven: options.owner !== undefined, report }
    } else if (key) {
      this.#memory = () => MemoryLock.for(`${this.#mode}:${key}`)
    } else {
      const lock = new MemoryLock()
      this.#memory = () => lock
    }
  }

  /** Waits for the mutex. @throws (as a rejection) on timeout, abort and dispose, and the provider's error. */
  acquire(options?: LockAcquireOptions): Promise<LockGuard> {
    return this.#request('exclusive', options)
  }

  /** Waits for a read lock, which other readers may hold at the same time. */
  read(options?: LockAcquireOptions): Promise<LockGuard> {
    return this.#request('read', options)
  }

  /** Waits for a write lock, which excludes readers and writers. */
  write(options?: LockAcquireOptions): Promise<LockGuard> {
    return this.#request('write', options)
  }

  /** Acquires the mutex, or returns `null` if it would have to wait. In memory only. */
  tryAcquire(): LockGuard | null {
    return this.#try('exclusive', 'tryAcquire')
  }

  tryRead(): LockGuard | null {
    return this.#try('read', 'tryRead')
  }

  tryWrite(): LockGuard | null {
    return this.#try('write', 'tryWrite')
  }

  /** Whether the lock is held. In memory only. */
  get isLocked(): boolean {
    return this.#inMemory('isLocked').isLocked
  }

  /** The holders and waiting requests. In memory only. */
  get stats(): LockStats {
    return this.#inMemory('stats').stats
  }

  /** Rejects waiting requests with `Lock disposed`, releases held locks, and aborts the signals of their guards. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  async #dispose(): Promise<void> {
    const reason = new Error('Lock disposed')
    this.#close(reason)
    const revoked = [...this.#guards].map((guard) => guard.revoke(reason))
    throwFirstRejection(await Promise.allSettled([...revoked, this.#requests.left()]))
  }

  async #request(type: LockType, options: LockAcquireOptions = {}): Promise<LockGuard> {
    this.#checkMode(type)
    checkAcquireOptions(options)
    const ended = this.#ended
    if (ended !== undefined) throw ended.reason
    this.#beginUse()
    return this.#requests.wait(
      {
        type,
        options,
        once: this.#terms !== undefined && options.timeout === 0,
        accept: (held) => this.#guard(type, held),
      },
      (request) => this.#enqueue(request),
    )
  }

  #enqueue(request: LockRequest): () => Promise<void> | undefined {
    if (this.#terms === undefined) return this.#inMemory('wait').enqueue(request)
    const { provider, key } = this.#terms
    const queue = ProviderLockQueue.for(provider, `${this.#mode}:${key}`)
    const attempt =
      request.type === 'exclusive'
        ? exclusiveAttempt(this.#terms)
        : request.type === 'write'
          ? queue.slots.write(this.#terms)
          : queue.slots.read(this.#terms, request.pollInterval)
    return queue.enqueue({ ...request, attempt, report: this.#terms.report })
  }

  #try(type: LockType, method: string): LockGuard | null {
    this.#checkMode(type)
    const held = this.#ended === undefined ? this.#inMemory(method).tryTake(type) : null
    return held && this.#guard(type, held)
  }

  #guard(type: LockType, held: HeldLock): LockGuard {
    const guard = new LockGuard(type, held, (released) => {
      this.#guards.delete(released)
      this.#endUse()
    })
    this.#guards.add(guard)
    this.#beginUse()
    return guard
  }

  #checkMode(type: LockType): void {
    if (type === 'exclusive' && this.#mode === 'read-write') {
      throw new Error(`Lock ${this.#title}is in read-write mode: use read() or write()`)
    }
    if (type !== 'exclusive' && this.#mode === 'exclusive') {
      throw new Error(`Lock ${this.#title}is not configured for read-write mode: set allowMultipleReaders`)
    }
  }

  get #title(): string {
    const name = this.#options.name ?? this.#options.key
    return name === undefined ? '' : `'${name}' `
  }

  #inMemory(member: string): MemoryLock {
    if (this.#memory === undefined) throw new Error(`Lock ${this.#title}has no '${member}' over a persistence provider`)
    return this.#memory()
  }

  /** The reason why the lock can no longer be acquired; `undefined` while it can. */
  get #ended(): { reason: unknown } | undefined {
    return this.#closed ?? (this.#signal?.aborted ? this.#signal : undefined)
  }

  #beginUse(): void {
    if (this.#inUse) return
    this.#inUse = true
    this.#place?.enter()
    this.#abort = this.#signal && onAbort(this.#signal, (reason) => this.#close(reason))
  }

  #endUse(): void {
    if (!this.#inUse || this.#guards.size > 0 || this.#requests.size > 0) return
    this.#inUse = false
    this.#place?.leave()
    this.#abort?.[Symbol.dispose]()
  }

  #close(reason: unknown): void {
    if (this.#closed !== undefined) return
    this.#closed = { reason }
    this.#abort?.[Symbol.dispose]()
    this.#requests.cancel(reason)
  }
}
