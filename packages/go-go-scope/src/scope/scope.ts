import type { PersistenceProviders } from '@go-go-scope/persistence-sqlite-core/ports'
import { AbortSource } from '../cancellation/abort-source.js'
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.js'
import { scopeBreaker } from '../circuit-breaker/which-breaker.js'
import { Semaphore } from '../concurrency/semaphore.js'
import type { Reporter } from '../errors/reporter.js'
import { PendingClaims } from '../idempotency/pending-claims.js'
import { Lock } from '../lock/lock.js'
import type { LockOptions } from '../lock/lock-options.js'
import { createLogger } from '../logging/logger.js'
import { checkScopeOptions } from '../options/check-scope-options.js'
import { Disposables, disposerOf } from '../resource/disposables.js'
import { resumeFrom } from '../task/resume-from.js'
import type { Result, Task } from '../task/task.js'
import type {
  CheckpointedTaskFunction,
  CheckpointedTaskOptions,
  ResumeOptions,
  TaskFunction,
  TaskOptions,
} from '../task/task-options.js'
import { TaskSpawner } from '../task/task-spawner.js'
import { sleep, startTimer, type Timer } from '../time/timer.js'
import { RequestContext } from './request-context.js'
import { ScopeEnd } from './scope-end.js'
import { type AfterTask, type BeforeTask, scopeReporter, TaskHooks } from './scope-hooks.js'
import { ScopeNode } from './scope-node.js'
import type { ParentScope, ScopeOptions } from './scope-options.js'
import { type ProvideOptions, Services } from './services.js'

let scopes = 0

/** Owns tasks, children and resources: none of them outlives it. Made by `scope()`, used with `await using`. */
export class Scope<S extends object = Record<never, never>> extends RequestContext {
  readonly scopeName: string
  readonly concurrency: number | undefined
  readonly persistence: PersistenceProviders | undefined
  readonly idempotency: ScopeOptions['idempotency'] | undefined
  readonly #breakerOptions: CircuitBreakerOptions | undefined
  readonly #abort = new AbortSource()
  readonly #taskHooks: TaskHooks
  readonly #report: Reporter
  readonly #services: Services
  readonly #disposables = new Disposables()
  readonly #node: ScopeNode = new ScopeNode(this, this.#abort)
  readonly #tasks: TaskSpawner
  readonly #timer: Timer | undefined
  readonly #end: ScopeEnd

  constructor(options: ScopeOptions = {}) {
    checkScopeOptions(options)
    const { signal, timeout, hooks = {} } = options
    const parent = options.parent === undefined ? undefined : scopeOf(options.parent)
    super(parent?.requestContext, options.context)
    this.scopeName = options.name ?? `scope-${++scopes}`
    this.concurrency = options.concurrency ?? parent?.concurrency
    this.persistence = options.persistence ?? parent?.persistence
    this.idempotency = options.idempotency ?? parent?.idempotency
    this.#breakerOptions = options.circuitBreaker ?? (parent === undefined ? undefined : parent.#breakerOptions)
    const logger = createLogger(options.logger, options.logLevel)
    this.#report = scopeReporter(this.scopeName, hooks, logger)
    this.#taskHooks = new TaskHooks(hooks, this.#report)
    this.#services = new Services(parent === undefined ? undefined : parent.#services)
    const breaker =
      this.#breakerOptions && scopeBreaker(this.scopeName, this.#breakerOptions, this.persistence, this.#report)
    if (breaker !== undefined) this.registerDisposable(breaker)
    this.#tasks = new TaskSpawner(
      {
        scopeName: this.scopeName,
        abort: this.#abort,
        services: this.#services.record,
        context: this.requestContext,
        logger,
        report: this.#report,
        persistence: this.persistence,
        idempotency: this.idempotency ?? {},
        pendingClaims: new PendingClaims(),
        permits: this.concurrency && this.concurrency > 0 ? new Semaphore(this.concurrency) : undefined,
        breaker,
        beforeTask: (...task) => this.#taskHooks.callBefore(...task),
        afterTask: (...task) => this.#taskHooks.callAfter(...task),
      },
      // A time-out that nobody waits for must not keep the process alive.
      (busy) => this.#timer?.keepAlive(busy),
    )
    this.#end = new ScopeEnd({
      abort: this.#abort,
      node: this.#node,
      tasks: this.#tasks,
      disposables: this.#disposables,
      services: this.#services,
      hooks,
      report: this.#report,
    })
    if (parent !== undefined) this.#node.joinParent(parent.#node, !parent.isDisposed)
    if (signal !== undefined) this.#node.joinSignal(signal)
    if (timeout !== undefined && timeout > 0) {
      const expire = (): void => this.#abort.abort(new Error(`Scope timeout after ${timeout}ms`))
      this.#timer = startTimer(timeout, expire, false)
    }
  }

  /** Aborts at the end of the scope, when it times out, and with its parent or outer signal. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get isDisposed(): boolean {
    return this.#end.hasBegun
  }

  get circuitBreaker(): { failureThreshold: number; resetTimeout: number } | undefined {
    if (this.#breakerOptions === undefined) return undefined
    const { failureThreshold = 5, resetTimeout = 30_000 } = this.#breakerOptions
    return { failureThreshold, resetTimeout }
  }

  /**
   * Starts `fn` at once.
   *
   * @throws `Cannot spawn task on disposed scope`, `Cannot spawn task on aborted scope`, `No checkpoint provider
   *   configured` for one that is to keep checkpoints, `No idempotency provider configured` for one with a key, a
   *   TypeError for a name that is no option, and what the function for the idempotency key throws. Everything else is in
   *   the result.
   */
  task<T, Data = unknown, E extends Error = Error>(
    fn: CheckpointedTaskFunction<T, S, Data>,
    options: CheckpointedTaskOptions<E, Data>,
  ): Task<Result<E, Awaited<T>>>
  task<T, E extends Error = Error>(fn: TaskFunction<T, S>, options?: TaskOptions<E>): Task<Result<E, Awaited<T>>>
  task(
    fn: TaskFunction<unknown, never> | CheckpointedTaskFunction<unknown, never>,
    options: TaskOptions = {},
  ): unknown {
    if (this.isDisposed) throw new Error('Cannot spawn task on disposed scope')
    if (this.#abort.aborted) throw new Error('Cannot spawn task on aborted scope')
    return this.#tasks.spawn(fn as TaskFunction<unknown, never>, options)
  }

  /**
   * Runs a task that goes on from its newest checkpoint, or starts fresh when there is none.
   *
   * @typeParam Data what its checkpoints hold. Nothing checks that what was stored is of this type.
   * @throws (as a rejection) `No checkpoint provider configured`, with `requireExisting` also
   *   `No checkpoint found for task ID: <id>`, and what the provider throws.
   */
  async resumeTask<T, Data = unknown, E extends Error = Error>(
    taskId: string,
    fn: CheckpointedTaskFunction<T, S, Data>,
    options: ResumeOptions<E, Data> = {},
  ): Promise<Result<E, Awaited<T>>> {
    return this.task<T, Data, E>(fn, await resumeFrom(this.persistence?.checkpoint, taskId, options))
  }

  /** A lock that ends with the scope: over `persistence.lock` when it has a key, else in memory. */
  acquireLock(options: LockOptions = {}): Lock {
    if (this.isDisposed) throw new Error('Cannot acquire lock on disposed scope')
    const provider = options.provider ?? (options.key ? this.persistence?.lock : undefined)
    return new Lock(provider === undefined ? options : { ...options, provider }, this.signal, this.#report, (lock) =>
      this.#disposables.reserve(disposerOf(lock)),
    )
  }

  createChild(options: Omit<ScopeOptions, 'parent'> = {}): Scope<S> {
    return new Scope<S>({ ...options, parent: this })
  }

  /** Gives tasks and children a service; a function is called for the value. */
  provide<K extends string, T>(key: K, source: T | (() => T), options?: ProvideOptions<T>): Scope<S & Record<K, T>> {
    if (this.isDisposed) throw new Error(`Cannot provide service on disposed scope`)
    this.#services.provide(key, source, options)
    return this as unknown as Scope<S & Record<K, T>>
  }

  /** The service, or `undefined` if nobody provided it. */
  use<K extends keyof S & string>(key: K): S[K] {
    return this.#services.get(key) as S[K]
  }

  has(key: string): boolean {
    return !this.isDisposed && this.#services.has(key)
  }

  /** Puts another value in the place of a service that was provided here or by a parent. */
  override<K extends keyof S & string>(key: K, source: S[K] | (() => S[K]), options?: ProvideOptions<S[K]>): this {
    if (this.isDisposed) throw new Error('Cannot override service on disposed scope')
    if (!this.#services.has(key)) throw new Error(`Cannot override service '${key}': it was not provided`)
    this.#services.provide(key, source, options)
    return this
  }

  /** Calls `fn` at the end of the scope, the last one registered first. */
  onDispose(fn: () => unknown): void {
    this.#disposables.add(fn)
  }

  registerDisposable(target: Disposable | AsyncDisposable): void {
    this.#disposables.add(disposerOf(target))
  }

  /** Returns the unsubscriber. */
  onBeforeTask(hook: BeforeTask): () => void {
    return this.#taskHooks.addBefore(hook)
  }

  /** Returns the unsubscriber. */
  onAfterTask(hook: AfterTask): () => void {
    return this.#taskHooks.addAfter(hook)
  }

  /** Resolves after `ms`; rejects with the reason when the scope aborts. */
  delay(ms: number): Promise<void> {
    const delay = sleep(ms, this.signal)
    // A delay nobody waits for any more, as the loser of a race, must not bring the process down.
    delay.catch(() => {})
    return delay
  }

  /** A semaphore that ends with the scope. */
  semaphore(permits: number): Semaphore {
    const semaphore = new Semaphore(permits, this.signal)
    this.registerDisposable(semaphore)
    return semaphore
  }

  /** This scope and its children, one a line, with what they are doing. */
  debugTree(indent = ''): string {
    const state = this.isDisposed ? 'disposed' : this.#abort.aborted ? 'aborted' : 'active'
    const children = this.#node.children.map((child) => `\n${child.debugTree(`${indent}  `)}`)
    return `${indent}${this.scopeName} (${state}, ${this.#tasks.running} running)${children.join('')}`
  }

  /**
   * Ends the scope and all that belongs to it. Never rejects; what fails on the way is reported. The second time it only
   * waits for the first. A hook or disposer may call it, but one that has awaited something else before would wait for
   * itself.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel()
    return this.#end.reach()
  }
}

function scopeOf(parent: ParentScope): Scope<object> {
  if (parent instanceof Scope) return parent
  throw new TypeError(`scope option parent: must be a scope, got ${parent === null ? 'null' : typeof parent}`)
}

/**
 * Makes a scope; use it with `await using`, which ends it.
 *
 * @throws TypeError for a name that is no option, and for a `persistence` that is no open store.
 */
export function scope<S extends object = Record<never, never>>(options?: ScopeOptions): Scope<S> {
  return new Scope<S>(options)
}
