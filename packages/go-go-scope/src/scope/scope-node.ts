import type { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'

/** The scope that a node of the tree belongs to. */
export interface ScopeNodeOwner extends AsyncDisposable {
  debugTree(indent: string): string
}

/** The node of a scope in the tree of scopes. Its parent and outer signal abort it. It disposes its children before itself. */
export class ScopeNode {
  readonly #scope: ScopeNodeOwner
  readonly #abort: AbortSource
  readonly #children = new Set<ScopeNode>()
  #parent: ScopeNode | undefined
  readonly #links: (() => void)[] = []

  constructor(scope: ScopeNodeOwner, abort: AbortSource) {
    this.#scope = scope
    this.#abort = abort
  }

  /** @param keep `false` if the parent has begun to end. Then it aborts the new child, but can no longer dispose it. */
  joinParent(parent: ScopeNode, keep: boolean): void {
    this.#parent = parent
    this.#links.push(parent.#abort.onAbort((reason) => this.#abort.abort(reason)))
    if (keep) parent.#children.add(this)
    this.#links.push(() => parent.#children.delete(this))
  }

  joinSignal(signal: AbortSignal): void {
    const link = onAbort(signal, (reason) => this.#abort.abort(reason))
    this.#links.push(() => link[Symbol.dispose]())
  }

  /** The child scopes in the order of their creation. */
  get children(): ScopeNodeOwner[] {
    return [...this.#children].map((child) => child.#scope)
  }

  /** Returns whether this node is `ancestor` or below it in the tree. */
  isWithin(ancestor: ScopeNode): boolean {
    return this === ancestor || (this.#parent?.isWithin(ancestor) ?? false)
  }

  /** Disposes the children one by one, also those created meanwhile. */
  async disposeChildren(): Promise<void> {
    for (const child of this.#children) await child.#scope[Symbol.asyncDispose]()
  }

  /** Detaches the node from its parent and signal, which may live longer. */
  leave(): void {
    for (const unlink of this.#links) unlink()
  }
}
