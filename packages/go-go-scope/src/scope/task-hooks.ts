import { callSafely } from '../errors/call-safely.js'
import type { Reporter } from '../errors/reporter.js'
import type { ScopeHooks } from './scope-hooks.js'

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
