import { randomUUID } from 'node:crypto'

/** The hooks by which an `sql` of `postgres` reports on its connections, each by its number. It reads them at each use. */
export interface Hooks {
  /** A function is called before each statement is sent. `true` keeps stack traces. */
  debug?: unknown
  onclose?: ((id: number) => void) | undefined
}

/** A user of a connection. `lost` is set when the connection ends. */
interface Follower {
  lost: boolean
}

/**
 * Marks a reserved connection of an `sql` when it ends. The library itself does not notice and would write to the connection,
 * which crashes the process.
 */
export class ConnectionEnds {
  readonly #hooks: Hooks
  readonly #followers = new Map<number, Follower>()
  /** Statements that are sent to find out which connection runs them. */
  readonly #questions = new Map<string, Follower>()
  /** The app's hook, while ours replaces it. */
  #debug: unknown

  /** @param ended Called after each end of a connection. */
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
   * Marks `follower` when the connection ends on which `ask` sends a statement.
   *
   * Only the `debug` hook tells the number of the connection. While it is set, the library records a stack trace per statement.
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
