import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import { AbortSource } from '../cancellation/abort-source.js'
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.js'
import { scopeBreaker } from '../circuit-breaker/which-breaker.js'
import { Semaphore } from '../concurrency/semaphore.js'
import type { Reporter } from '../errors/reporter.js'
import { PendingClaims } from '../idempotency/pending-claims.js'
import { createLogger } from '../logging/logger.js'
import { Disposables, disposerOf } from '../resource/disposables.js'
import { TaskSpawner } from '../task/task-spawner.js'
import { startTimer, type Timer } from '../time/timer.js'
import { Waits } from '../time/waits.js'
import { ScopeEnd } from './scope-end.js'
import { scopeReporter, TaskHooks } from './scope-hooks.js'
import { ScopeNode, type ScopeNodeOwner } from './scope-node.js'
import type { ScopeOptions } from './scope-options.js'
import { Services } from './services.js'

let scopes = 0

/** The parts of one scope, made from its options and from the shared parts of its parent. */
export class ScopeParts {
  readonly name: string
  readonly concurrency: number | undefined
  readonly persistence: PersistenceProviders | undefined
  readonly idempotency: ScopeOptions['idempotency'] | undefined
  readonly breakerOptions: CircuitBreakerOptions | undefined
  readonly context: Record<string, unknown>
  readonly abort: AbortSource = new AbortSource()
  readonly report: Reporter
  readonly services: Services
  readonly disposables: Disposables = new Disposables()
  readonly taskHooks: TaskHooks
  readonly node: ScopeNode
  readonly tasks: TaskSpawner
  /** The waits in this scope and in its descendants. */
  readonly waits: Waits
  readonly #timer: Timer | undefined
  readonly #end: ScopeEnd

  /** @param scope The scope that the parts belong to. */
  constructor(options: ScopeOptions, parent: ScopeParts | undefined, scope: ScopeNodeOwner) {
    const { signal, timeout, hooks = {} } = options
    this.name = options.name ?? `scope-${++scopes}`
    this.concurrency = options.concurrency ?? parent?.concurrency
    this.persistence = options.persistence ?? parent?.persistence
    this.idempotency = options.idempotency ?? parent?.idempotency
    this.breakerOptions = options.circuitBreaker ?? parent?.breakerOptions
    this.context = { ...parent?.context, ...options.context }
    const logger = createLogger(options.logger, options.logLevel)
    this.report = scopeReporter(this.name, hooks, logger)
    this.services = new Services(parent?.services)
    this.taskHooks = new TaskHooks(hooks, this.report)
    this.node = new ScopeNode(scope, this.abort)
    const breaker = this.breakerOptions && scopeBreaker(this.name, this.breakerOptions, this.persistence, this.report)
    if (breaker !== undefined) this.disposables.add(disposerOf(breaker))
    this.waits = new Waits((any) => {
      this.#timer?.keepAlive(any)
      // A timeout of the parent ends the waits in this scope too.
      if (any) parent?.waits.begin()
      else parent?.waits.end()
    })
    this.tasks = new TaskSpawner(
      {
        scopeName: this.name,
        abort: this.abort,
        services: this.services.record,
        context: this.context,
        logger,
        report: this.report,
        persistence: this.persistence,
        idempotency: this.idempotency ?? {},
        pendingClaims: new PendingClaims(),
        permits: this.concurrency && this.concurrency > 0 ? new Semaphore(this.concurrency) : undefined,
        breaker,
        beforeTask: (...task) => this.taskHooks.callBefore(...task),
        afterTask: (...task) => this.taskHooks.callAfter(...task),
      },
      this.waits,
    )
    const { abort, node, tasks, disposables, services, report } = this
    this.#end = new ScopeEnd({ abort, node, tasks, disposables, services, hooks, report })
    if (signal !== undefined) node.joinSignal(signal)
    if (timeout !== undefined && timeout > 0) {
      const expire = (): void => abort.abort(new Error(`Scope timeout after ${timeout}ms`))
      this.#timer = startTimer(timeout, expire, false)
    }
    // Last, because if the constructor threw after this, the parent would hold a scope that it cannot dispose.
    if (parent !== undefined) node.joinParent(parent.node, !parent.isDisposed)
  }

  get isDisposed(): boolean {
    return this.#end.hasBegun
  }

  /** Ends the scope. Never rejects. */
  dispose(): Promise<void> {
    this.#timer?.cancel()
    return this.#end.reach()
  }
}
