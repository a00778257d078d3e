import type { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'

/** The scope whose place in the tree a node is. */
export interface ScopeNodeOwner extends AsyncDisposable {
  debugTree(indent: string): string
}

/** A scope in the tree of scopes: its parent and outer signal abort it, and it disposes its children before itself. */
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

  /** @param keep `false` when the parent has begun to end: it aborts the new child, but can no longer dispose it. */
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

  /** In the order they were made. */
  get children(): ScopeNodeOwner[] {
    return [...this.#children].map((child) => child.#scope)
  }

  /** Whether it is `ancestor` or below it in the tree. */
  isWithin(ancestor: ScopeNode): boolean {
    return this === ancestor || (this.#parent?.isWithin(ancestor) ?? false)
  }

  /** One by one, also children that are made meanwhile. */
  async disposeChildren(): Promise<void> {
    for (const child of this.#children) await child.#scope[Symbol.asyncDispose]()
  }

  /** Removes it from its parent and signal, which may live on. */
  leave(): void {
    for (const unlink of this.#links) unlink()
  }
}
