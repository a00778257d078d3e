import type { AbortSource } from '../cancellation/abort-source.js'
import { callSafely, type Reporter, type SafeCall } from '../errors/reporter.js'
import type { Disposables } from '../resource/disposables.js'
import type { TaskSpawner } from '../task/task-spawner.js'
import type { ScopeHooks } from './scope-hooks.js'
import type { ScopeNode } from './scope-node.js'
import type { Services } from './services.js'

/** The parts of a scope that are used at its end. */
interface EndingParts {
  readonly abort: AbortSource
  readonly node: ScopeNode
  readonly tasks: TaskSpawner
  readonly disposables: Disposables
  readonly services: Services
  readonly hooks: ScopeHooks
  readonly report: Reporter
}

/**
 * The end of a scope. It aborts, disposes the children in the order of their creation, waits until the tasks have settled,
 * and then disposes registered resources and provided services, the newest first. Failures are reported.
 */
export class ScopeEnd {
  /** The scope whose end is calling a hook or a disposer at this moment. */
  static #caller: ScopeNode | undefined
  readonly #parts: EndingParts
  /** Set when the end begins. */
  #done: Promise<void> | undefined

  constructor(parts: EndingParts) {
    this.#parts = parts
  }

  get hasBegun(): boolean {
    return this.#done !== undefined
  }

  /** Ends the scope and waits for that. Never rejects. */
  reach(): Promise<void> {
    // A hook or disposer called by this end, or by the end of a child, would wait for itself.
    const calledByIt = ScopeEnd.#caller?.isWithin(this.#parts.node)
    if (this.#done === undefined) {
      let follow: (end: Promise<void>) => void = () => {}
      // Set before the end begins, because a listener of the abort may dispose the scope again, and must wait too.
      this.#done = new Promise((resolve) => {
        follow = resolve
      })
      follow(this.#run())
    }
    return calledByIt ? Promise.resolve() : this.#done
  }

  async #run(): Promise<void> {
    const { abort, node, tasks, disposables, services, hooks } = this.#parts
    const call: SafeCall = (source, run) => this.#call(source, run)
    if (!abort.aborted) {
      const reason = new Error('Scope disposed')
      abort.abort(reason)
      await call('onCancel', () => hooks.onCancel?.(reason))
    }
    await call('beforeDispose', () => hooks.beforeDispose?.())
    await node.disposeChildren()
    await tasks.settled()
    await disposables.dispose(call)
    await services.dispose(call, (index, error) => hooks.onDispose?.(index, error))
    await call('afterDispose', () => hooks.afterDispose?.())
    node.leave()
  }

  #call(source: string, run: () => unknown): Promise<void> | undefined {
    const outer = ScopeEnd.#caller
    ScopeEnd.#caller = this.#parts.node
    try {
      return callSafely(this.#parts.report, source, run)
    } finally {
      ScopeEnd.#caller = outer
    }
  }
}
