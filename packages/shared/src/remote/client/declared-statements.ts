import type { Statement } from '../../queue/statement.js'
import { clientOp, type Item } from '../wire/protocol.js'
import { contentOf, writeStatement } from '../wire/wire-statement.js'

/** The statements that were declared to the owner. Each is declared once. */
export class DeclaredStatements {
  readonly #numbers = new WeakMap<Statement, number>()
  readonly #byContent = new Map<string, number>()

  /** Writes the declaration of a statement to `out` unless it was declared. @returns the number that calls refer to. */
  numberIn(out: Item[], statement: Statement): number {
    const known = this.#numbers.get(statement)
    if (known !== undefined) return known
    // Each session makes its own statement objects, with the same content.
    const content = contentOf(statement)
    let number = this.#byContent.get(content)
    if (number === undefined) {
      number = this.#byContent.size
      this.#byContent.set(content, number)
      out.push(clientOp.declare, number)
      writeStatement(out, statement)
    }
    this.#numbers.set(statement, number)
    return number
  }
}
