import type { Statement } from '../../queue/statement.js'
import { contentOf } from '../wire/wire-statement.js'

/**
 * The one statement of each content, over all users and the owner itself: calls share an execution, and a prepared
 * statement, where they have the same one.
 */
export class StatementPool {
  readonly #byContent = new Map<string, Statement>()
  readonly #own = new Set<Statement>()

  /** @param own Those of the owner's stores. */
  constructor(own: Iterable<Statement>) {
    for (const statement of own) this.#own.add(this.intern(statement))
  }

  isOwn(statement: Statement): boolean {
    return this.#own.has(statement)
  }

  intern(statement: Statement): Statement {
    const content = contentOf(statement)
    const known = this.#byContent.get(content)
    if (known !== undefined) return known
    this.#byContent.set(content, statement)
    return statement
  }
}
