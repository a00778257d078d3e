import { callSafely, ignoreReport, messageOf, type Reporter } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'

/**
 * What an app can listen to. A hook's throw or rejection is reported and changes nobody's result. The hooks of tasks
 * are not waited for, those of dispose are.
 */
export interface ScopeHooks {
  beforeTask?(name: string, index: number): void | Promise<void>
  /** @param duration ms. @param error what the result holds, `undefined` after a success. */
  afterTask?(name: string, duration: number, error: unknown, index: number): void | Promise<void>
  /** Dispose has aborted the scope. Not called when a time-out or the parent did it before. */
  onCancel?(reason: unknown): void | Promise<void>
  beforeDispose?(): void | Promise<void>
  /** After each disposer of a provided service; `index` counts them in the order they were provided, from 0. */
  onDispose?(index: number, error?: unknown): void | Promise<void>
  afterDispose?(): void | Promise<void>
  /** Something failed that has no result to go to: a hook, a listener, a timer, a store, a disposer. */
  onError?(error: unknown, source: string): void
}

export type BeforeTask = NonNullable<ScopeHooks['beforeTask']>
export type AfterTask = NonNullable<ScopeHooks['afterTask']>

/** The hooks around tasks: the one of the options first, then those that were added. Nobody waits for them. */
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

/** Sends what has no result to go to, to the `onError` hook and the log. Never throws itself. */
export function scopeReporter(scopeName: string, hooks: ScopeHooks, logger: Logger): Reporter {
  return (source, error) => {
    // The end of the line: a hook or logger that fails about an error has nobody left to be told.
    callSafely(ignoreReport, 'onError', () => hooks.onError?.(error, source))
    callSafely(ignoreReport, 'logger', () => logger.error(`${scopeName}: ${source} failed: ${messageOf(error)}`, error))
  }
}
