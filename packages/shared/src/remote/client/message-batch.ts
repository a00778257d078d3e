import { oncePerMicrotask } from '../../time/clock.js'
import { PacedSending } from '../wire/paced-sending.js'
import type { Item } from '../wire/protocol.js'
import { Run } from '../wire/run.js'
import { DeclaredStatements } from './declared-statements.js'
import type { Request } from './request.js'

/** Gathers the operations of one turn into one message to the owner. */
export class MessageBatch {
  readonly statements: DeclaredStatements = new DeclaredStatements()
  /** The calls of one statement at the end of what was written. */
  readonly run: Run = new Run()
  readonly #sending: PacedSending<Item[]>
  readonly #onFailure: (error: unknown) => void
  #items: Item[] = []
  /** One microtask later: requests of one turn, and those made after answers of one message, share a message. */
  readonly #flushLater = oncePerMicrotask(() => this.#flush())

  /** @param onFailure Called when a message cannot be sent. It has the requests of many callers. */
  constructor(send: (message: Item[]) => void, onFailure: (error: unknown) => void) {
    this.#sending = new PacedSending(send)
    this.#onFailure = onFailure
  }

  write(request: Request): void {
    request.write(this.#items)
    this.#flushLater()
  }

  push(...items: Item[]): void {
    this.#items.push(...items)
    this.#flushLater()
  }

  #flush(): void {
    const message = this.#items
    this.#items = []
    this.#sending.send(message, this.#onFailure)
  }
}
