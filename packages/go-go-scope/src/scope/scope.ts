import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import { DEFAULT_FAILURE_THRESHOLD, DEFAULT_RESET_TIMEOUT } from '../circuit-breaker/circuit-breaker-options.js'
import { Semaphore } from '../concurrency/semaphore.js'
import { Lock } from '../lock/lock.js'
import type { LockOptions } from '../lock/lock-options.js'
import { checkScopeOptions } from '../options/check-scope-options.js'
import { ANY_NUMBER, checkValue } from '../options/check-value.js'
import { disposerOf } from '../resource/disposables.js'
import { resumeFrom } from '../task/resume-from.js'
import type { Result, Task } from '../task/task.js'
import type {
  CheckpointedTaskFunction,
  CheckpointedTaskOptions,
  ResumeOptions,
  TaskFunction,
  TaskOptions,
} from '../task/task-options.js'
import { sleep } from '../time/timer.js'
import type { AfterTask, BeforeTask } from './scope-hooks.js'
import type { ParentScope, ScopeOptions } from './scope-options.js'
import { ScopeParts } from './scope-parts.js'
import type { ProvideOptions } from './services.js'

/** Owns tasks, children and resources. None of them outlives it. Made by `scope()`; use it with `await using`. */
export class Scope<S extends object = Record<never, never>> {
  readonly scopeName: string
  readonly concurrency: number | undefined
  readonly persistence: PersistenceProviders | undefined
  readonly idempotency: ScopeOptions['idempotency'] | undefined
  /** The values that tasks get as `ctx.context`. */
  readonly requestContext: Record<string, unknown>
  readonly #parts: ScopeParts

  constructor(options: ScopeOptions = {}) {
    checkScopeOptions(options)
    const { parent } = options
    const parts = new ScopeParts(options, parent === undefined ? undefined : scopeOf(parent).#parts, this)
    this.#parts = parts
    this.scopeName = parts.name
    this.concurrency = parts.concurrency
    this.persistence = parts.persistence
    this.idempotency = parts.idempotency
    this.requestContext = parts.context
  }

  /** Aborts at the end of the scope, when it times out, and with its parent or outer signal. */
  get signal(): AbortSignal {
    return this.#parts.abort.signal
  }

  get isDisposed(): boolean {
    return this.#parts.isDisposed
  }

  get circuitBreaker(): { failureThreshold: number; resetTimeout: number } | undefined {
    const { breakerOptions } = this.#parts
    if (breakerOptions === undefined) return undefined
    const { failureThreshold = DEFAULT_FAILURE_THRESHOLD, resetTimeout = DEFAULT_RESET_TIMEOUT } = breakerOptions
    return { failureThreshold, resetTimeout }
  }

  /**
   * Starts `fn` at once.
   *
   * @throws `Cannot spawn task on disposed scope`, `Cannot spawn task on aborted scope`, a TypeError for an unknown option
   *   name and an invalid value, and the error of the idempotency key function. All other errors are in the result.
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
    if (this.#parts.abort.aborted) throw new Error('Cannot spawn task on aborted scope')
    return this.#parts.tasks.spawn(fn as TaskFunction<unknown, never>, options)
  }

  /**
   * Runs a task that continues from its newest checkpoint, or starts fresh if there is none.
   *
   * @typeParam Data The type of the checkpoints' data. Stored data is not checked against it.
   * @throws (as a rejection) `No checkpoint provider configured`, with `requireExisting` also
   *   `No checkpoint found for task ID: <id>`, the provider's error, and what {@link Scope.task} throws, also if the scope ends
   *   while the checkpoint is loaded.
   */
  async resumeTask<T, Data = unknown, E extends Error = Error>(
    taskId: string,
    fn: CheckpointedTaskFunction<T, S, Data>,
    options: ResumeOptions<E, Data> = {},
  ): Promise<Result<E, Awaited<T>>> {
    const resumed = resumeFrom(this.persistence?.checkpoint, taskId, options)
    this.#parts.tasks.waitFor(resumed)
    return this.task<T, Data, E>(fn, await resumed)
  }

  /**
   * Returns a lock that ends with the scope. With a key it is in `persistence.lock`, otherwise in memory.
   *
   * @throws TypeError for an unknown option name and for an invalid value.
   */
  acquireLock(options: LockOptions = {}): Lock {
    if (this.isDisposed) throw new Error('Cannot acquire lock on disposed scope')
    const provider = options.provider ?? (options.key ? this.persistence?.lock : undefined)
    return new Lock(
      provider === undefined ? options : { ...options, provider },
      this.signal,
      this.#parts.report,
      (lock) => this.#parts.disposables.reserve(disposerOf(lock)),
      this.#parts.waits,
    )
  }

  createChild(options: Omit<ScopeOptions, 'parent'> = {}): Scope<S> {
    return new Scope<S>({ ...options, parent: this })
  }

  /** Provides a service to tasks and children. If `source` is a function, it is called for the value. */
  provide<K extends string, T>(key: K, source: T | (() => T), options?: ProvideOptions<T>): Scope<S & Record<K, T>> {
    if (this.isDisposed) throw new Error(`Cannot provide service on disposed scope`)
    this.#parts.services.provide(key, source, options)
    return this as unknown as Scope<S & Record<K, T>>
  }

  /** Returns the service, or `undefined` if it was not provided. */
  use<K extends keyof S & string>(key: K): S[K] {
    return this.#parts.services.get(key) as S[K]
  }

  has(key: string): boolean {
    return !this.isDisposed && this.#parts.services.has(key)
  }

  /** Replaces a service that this scope or a parent has provided. */
  override<K extends keyof S & string>(key: K, source: S[K] | (() => S[K]), options?: ProvideOptions<S[K]>): this {
    if (this.isDisposed) throw new Error('Cannot override service on disposed scope')
    if (!this.#parts.services.has(key)) throw new Error(`Cannot override service '${key}': it was not provided`)
    this.#parts.services.provide(key, source, options)
    return this
  }

  /** Sets a value of `ctx.context`. */
  setContext(key: string, value: unknown): this {
    // Not an assignment, which with the key `__proto__` would set the prototype.
    Object.defineProperty(this.requestContext, key, { value, enumerable: true, configurable: true, writable: true })
    return this
  }

  getContext<T = unknown>(key: string): T | undefined {
    return this.hasContext(key) ? (this.requestContext[key] as T) : undefined
  }

  hasContext(key: string): boolean {
    return Object.hasOwn(this.requestContext, key)
  }

  /** Removes a value of `ctx.context`. Returns whether it existed. */
  removeContext(key: string): boolean {
    return this.hasContext(key) && delete this.requestContext[key]
  }

  /** Returns a copy of all values of `ctx.context`. */
  getAllContext(): Record<string, unknown> {
    return { ...this.requestContext }
  }

  /** Calls `fn` at the end of the scope, the last one registered first; at once if the scope has ended. */
  onDispose(fn: () => unknown): void {
    this.#parts.disposables.add(fn)
  }

  /** Disposes `target` at the end of the scope, like {@link Scope.onDispose}. */
  registerDisposable(target: Disposable | AsyncDisposable): void {
    this.#parts.disposables.add(disposerOf(target))
  }

  /** Calls `hook` before each task. Returns the unsubscriber. */
  onBeforeTask(hook: BeforeTask): () => void {
    return this.#parts.taskHooks.addBefore(hook)
  }

  /** Calls `hook` after each task. Returns the unsubscriber. */
  onAfterTask(hook: AfterTask): () => void {
    return this.#parts.taskHooks.addAfter(hook)
  }

  /** Resolves after `ms`. Rejects with the reason when the scope aborts. @throws TypeError if `ms` is not a number. */
  delay(ms: number): Promise<void> {
    checkValue('delay: ms', ms, ANY_NUMBER)
    const { waits } = this.#parts
    const delay = sleep(ms, this.signal)
    const end = (): void => waits.end()
    waits.begin()
    // Also on rejection: a delay that is no longer awaited, such as the loser of a race, must not cause an unhandled one.
    delay.then(end, end)
    return delay
  }

  /** Returns a semaphore that ends with the scope. */
  semaphore(permits: number): Semaphore {
    return new Semaphore(permits, this.signal, this.#parts.waits)
  }

  /** Returns this scope and its children, one per line, with their state and running tasks. */
  debugTree(indent = ''): string {
    const state = this.isDisposed ? 'disposed' : this.#parts.abort.aborted ? 'aborted' : 'active'
    const children = this.#parts.node.children.map((child) => `\n${child.debugTree(`${indent}  `)}`)
    return `${indent}${this.scopeName} (${state}, ${this.#parts.tasks.running} running)${children.join('')}`
  }

  /**
   * Ends the scope and everything it owns. Never rejects; failures are reported. A second call only waits for the first. A
   * hook or disposer may call it, but only before its first `await`, because later it would wait for itself.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.dispose()
  }
}

function scopeOf(parent: ParentScope): Scope<object> {
  if (parent instanceof Scope) return parent
  throw new TypeError(`scope option parent: must be a scope, got ${parent === null ? 'null' : typeof parent}`)
}

/**
 * Makes a scope. Use it with `await using`, which ends it.
 *
 * @throws TypeError for an unknown option name, for an invalid value such as a time that is not a number, and for a
 *   `persistence` that is not an open store.
 */
export function scope<S extends object = Record<never, never>>(options?: ScopeOptions): Scope<S> {
  return new Scope<S>(options)
}
