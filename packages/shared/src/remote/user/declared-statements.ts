import type { Statement } from '../../queue/statement.js'
import { type Item, say } from '../wire/protocol.js'
import { contentOf, writeStatement } from '../wire/wire-statement.js'

/** The statements that the owner knows of this user, which are said once. */
export class DeclaredStatements {
  readonly #numbers = new WeakMap<Statement, number>()
  readonly #byContent = new Map<string, number>()

  /** Declares in `out` what is not declared. @returns the number by which calls of the statement name it. */
  numberIn(out: Item[], statement: Statement): number {
    const known = this.#numbers.get(statement)
    if (known !== undefined) return known
    // Sessions make statements of the same content anew.
    const content = contentOf(statement)
    let number = this.#byContent.get(content)
    if (number === undefined) {
      number = this.#byContent.size
      this.#byContent.set(content, number)
      out.push(say.declare, number)
      writeStatement(out, statement)
    }
    this.#numbers.set(statement, number)
    return number
  }
}
