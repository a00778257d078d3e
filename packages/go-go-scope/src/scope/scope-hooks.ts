import { callSafely, ignoreReport, messageOf, type Reporter } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'

/**
 * Hooks for the events of a scope. A hook that throws or rejects is reported and changes no result. Dispose waits for its
 * own hooks. The hooks of tasks are not awaited.
 */
export interface ScopeHooks {
  beforeTask?(name: string, index: number): void | Promise<void>
  /** @param duration ms. @param error The error in the result; `undefined` after a success. */
  afterTask?(name: string, duration: number, error: unknown, index: number): void | Promise<void>
  /** Called when dispose aborts the scope. Not called if a timeout or the parent has aborted it before. */
  onCancel?(reason: unknown): void | Promise<void>
  beforeDispose?(): void | Promise<void>
  /** Called after each disposer of a provided service. `index` counts services in the order of `provide`, from 0. */
  onDispose?(index: number, error?: unknown): void | Promise<void>
  afterDispose?(): void | Promise<void>
  /** Called with a failure that changes no result: of a hook, a listener, a timer, a store or a disposer. */
  onError?(error: unknown, source: string): void
}

export type BeforeTask = NonNullable<ScopeHooks['beforeTask']>
export type AfterTask = NonNullable<ScopeHooks['afterTask']>

/** The hooks around tasks: the one from the options first, then the added ones. They are not awaited. */
export class TaskHooks {
  readonly #report: Reporter
  readonly #before = new Set<BeforeTask>()
  readonly #after = new Set<AfterTask>()

  constructor(hooks: ScopeHooks, report: Reporter) {
    this.#report = report
    if (hooks.beforeTask !== undefined) this.addBefore((...task) => hooks.beforeTask?.(...task))
    if (hooks.afterTask !== undefined) this.addAfter((...task) => hooks.afterTask?.(...task))
  }

  /** Returns the unsubscriber. */
  addBefore(hook: BeforeTask): () => void {
    this.#before.add(hook)
    return () => this.#before.delete(hook)
  }

  /** Returns the unsubscriber. */
  addAfter(hook: AfterTask): () => void {
    this.#after.add(hook)
    return () => this.#after.delete(hook)
  }

  callBefore(...task: Parameters<BeforeTask>): void {
    for (const hook of this.#before) callSafely(this.#report, 'beforeTask', () => hook(...task))
  }

  callAfter(...task: Parameters<AfterTask>): void {
    for (const hook of this.#after) callSafely(this.#report, 'afterTask', () => hook(...task))
  }
}

/** Reports to the `onError` hook and to the log. Never throws. */
export function scopeReporter(scopeName: string, hooks: ScopeHooks, logger: Logger): Reporter {
  return (source, error) => {
    // A failure of the hook or logger that reports an error cannot be reported.
    callSafely(ignoreReport, 'onError', () => hooks.onError?.(error, source))
    callSafely(ignoreReport, 'logger', () => logger.error(`${scopeName}: ${source} failed: ${messageOf(error)}`, error))
  }
}
