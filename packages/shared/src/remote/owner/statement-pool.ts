import type { Statement } from '../../queue/statement.js'
import { contentOf } from '../wire/wire-statement.js'

/**
 * Keeps one statement object per content, for all clients and the owner: calls share an execution and a prepared statement
 * only where they have the same object.
 */
export class StatementPool {
  readonly #byContent = new Map<string, Statement>()
  readonly #own = new Set<Statement>()

  /** @param own The statements of the owner's stores. */
  constructor(own: Iterable<Statement>) {
    for (const statement of own) this.#own.add(this.intern(statement))
  }

  /** Whether the statement is one of the owner's stores. */
  isOwn(statement: Statement): boolean {
    return this.#own.has(statement)
  }

  /** Returns the one statement object with the same content. */
  intern(statement: Statement): Statement {
    const content = contentOf(statement)
    const known = this.#byContent.get(content)
    if (known !== undefined) return known
    this.#byContent.set(content, statement)
    return statement
  }
}
