import type { Row } from '../driver/driver.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'

interface Decoded {
  readonly parameters: Parameters
  readonly decode: Decode<RowCount, unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The answer to a call whose rows arrive in parts ({@link Statement.decodesInParts}). Each part is decoded when it arrives. If
 * many rows waited for the last one, the garbage collector would copy them, and a single turn of the event loop would decode them
 * all.
 */
export class PartwiseAnswer {
  readonly #call: Decoded
  #items: unknown[] | undefined
  /** The error of the decoder. */
  #error: { readonly thrown: unknown } | undefined

  constructor(call: Decoded) {
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
