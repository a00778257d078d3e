import { randomUUID } from 'node:crypto'

/** The options by which an `sql` of `postgres` tells of its connections, each by a number. It reads them at each use. */
export interface Hooks {
  /** Before a statement is sent; or whether to keep stacks. */
  debug?: unknown
  onclose?: ((id: number) => void) | undefined
}

/** Who is told the end of a connection. */
interface Follower {
  lost: boolean
}

/**
 * Tells who has reserved a connection of an `sql` that it has ended. The library does not: it would write to the connection,
 * which ends the process.
 */
export class ConnectionEnds {
  readonly #hooks: Hooks
  readonly #followers = new Map<number, Follower>()
  /** Statements that are sent to find out which connection has them. */
  readonly #questions = new Map<string, Follower>()
  /** The app's hook, while ours is in its place. */
  #debug: unknown

  /** @param ended Called after each end. */
  constructor(hooks: Hooks, ended: () => void) {
    this.#hooks = hooks
    const { onclose } = hooks
    hooks.onclose = (id) => {
      const follower = this.#followers.get(id)
      if (follower !== undefined) follower.lost = true
      onclose?.(id)
      ended()
    }
  }

  /**
   * Has `follower` told when the connection ends by which `ask` sends a statement.
   *
   * Only the hook for statements says which connection it is. While it is there, the library keeps a stack of each statement.
   */
  async follow<T>(follower: Follower, ask: (sql: string) => PromiseLike<T>): Promise<T> {
    const question = `SELECT 1 AS "${randomUUID()}"`
    if (this.#questions.size === 0) this.#hook()
    this.#questions.set(question, follower)
    try {
      return await ask(question)
    } finally {
      this.#questions.delete(question)
      if (this.#questions.size === 0) this.#hooks.debug = this.#debug
    }
  }

  forget(follower: Follower): void {
    for (const [id, one] of this.#followers) if (one === follower) this.#followers.delete(id)
  }

  #hook(): void {
    const { debug } = this.#hooks
    this.#debug = debug
    this.#hooks.debug = (id: number, text: string, ...rest: unknown[]): void => {
      const asking = this.#questions.get(text)
      if (asking !== undefined) this.#followers.set(id, asking)
      else if (typeof debug === 'function') debug(id, text, ...rest)
    }
  }
}
