import type { Row } from '../driver/driver.js'
import type { Call } from './call.js'
import type { Statement } from './statement.js'

/** The members of a call by which its answer is delivered. */
type Receiver = Pick<Call, 'parameters' | 'decode' | 'resolve' | 'reject'>

/**
 * The answer to a call whose rows arrive in parts ({@link Statement.decodesInParts}). Each part is decoded when it arrives. If
 * many rows waited for the last one, the garbage collector would copy them, and a single turn of the event loop would decode them
 * all.
 */
export class PartwiseAnswer {
  readonly #call: Receiver
  #items: unknown[] | undefined
  /** The error of the decoder. */
  #error: { readonly thrown: unknown } | undefined

  constructor(call: Receiver) {
    this.#call = call
  }

  /** Decodes a part of the rows. Never throws. */
  readonly take = (rows: readonly Row[]): void => {
    if (this.#error !== undefined) return
    try {
      const items = this.#call.decode(rows as never, this.#call.parameters, 1) as unknown[]
      if (this.#items === undefined) this.#items = items
      else for (const item of items) this.#items.push(item)
    } catch (thrown) {
      this.#error = { thrown }
    }
  }

  /** Settles the call. @param rows The remaining rows. */
  end(rows: readonly Row[]): void {
    this.take(rows)
    if (this.#error !== undefined) this.#call.reject(this.#error.thrown)
    else this.#call.resolve(this.#items)
  }
}
