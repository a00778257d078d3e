import { ENVELOPE, type Item } from './protocol.js'

/** A message that breaks the protocol. */
export class MalformedMessage extends Error {}

/** Reads the items of a message in order. Every method throws {@link MalformedMessage}. */
export class Reader {
  readonly #items: readonly unknown[]
  #at = 0

  constructor(message: unknown) {
    if (!Array.isArray(message)) throw new MalformedMessage('a message is no array')
    this.#items = message
    if (message[0] === ENVELOPE) this.#at = 1
  }

  get more(): boolean {
    return this.#at < this.#items.length
  }

  /** Reads a whole number >= 0. */
  count(): number {
    const item = this.#items[this.#at++]
    if (typeof item === 'number' && item >= 0 && Number.isSafeInteger(item)) return item
    throw this.#wrong('count', item)
  }

  number(): number {
    const item = this.#items[this.#at++]
    if (typeof item === 'number') return item
    throw this.#wrong('number', item)
  }

  numberOrNull(): number | null {
    const item = this.#items[this.#at++]
    if (typeof item === 'number' || item === null) return item
    throw this.#wrong('number or null', item)
  }

  text(): string {
    const item = this.#items[this.#at++]
    if (typeof item === 'string') return item
    throw this.#wrong('text', item)
  }

  textOrNull(): string | null {
    const item = this.#items[this.#at++]
    if (typeof item === 'string' || item === null) return item
    throw this.#wrong('text or null', item)
  }

  oneOf<Word extends string>(words: readonly Word[]): Word {
    const item = this.#items[this.#at++]
    if ((words as readonly unknown[]).includes(item)) return item as Word
    throw this.#wrong(`one of ${words.join(', ')}`, item)
  }

  value(): Item {
    const item = this.#items[this.#at++]
    if (typeof item === 'string' || typeof item === 'number' || item === null || item instanceof Uint8Array) return item
    throw this.#wrong('value', item)
  }

  values(): Item[] {
    return this.valuesOf(this.count())
  }

  valuesOf(length: number): Item[] {
    if (length > this.#items.length - this.#at) throw this.#wrong('fewer values', length)
    const values: Item[] = new Array(length)
    for (let at = 0; at < length; at++) values[at] = this.value()
    return values
  }

  #wrong(wanted: string, item: unknown): MalformedMessage {
    return new MalformedMessage(`place ${this.#at - 1} of a message is no ${wanted} but ${typeof item}`)
  }
}
