import type { Item } from './protocol.js'

/**
 * Sentences of one form that follow one another in a message go as one, which says how many they are: what each would say
 * of its own costs more to clone than what differs.
 */
export class Run {
  #message: readonly Item[] | undefined
  #word = 0
  /** What all of them have in common. */
  #of = 0
  #next = 0
  /** Where their number stands, and where the last of them ends. */
  #count = 0
  #end = 0

  /** @returns whether so many more belong to those at the end of `message`; they are counted then. */
  goesOn(message: Item[], word: number, request: number, of: number, requests = 1): boolean {
    if (message !== this.#message || message.length !== this.#end) return false
    if (word !== this.#word || request !== this.#next || of !== this.#of) return false
    this.#next += requests
    message[this.#count] = (message[this.#count] as number) + requests
    return true
  }

  /** The first of them has been begun, up to their number. */
  begin(message: readonly Item[], word: number, request: number, of: number, requests = 1): void {
    this.#message = message
    this.#word = word
    this.#of = of
    this.#next = request + requests
    this.#count = message.length - 1
    this.#end = message.length
  }

  /** What the last of them has of its own has been written. */
  wrote(message: readonly Item[]): void {
    this.#end = message.length
  }
}
