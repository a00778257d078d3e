import type { Item } from './protocol.js'

/**
 * Run-length encoding of a message: consecutive operations of one form are sent as one with a count, because cloning a header
 * for each costs more than cloning what differs.
 */
export class Run {
  #message: readonly Item[] | undefined
  #op = 0
  /** Identifies the form, with the operation code. */
  #form = 0
  #next = 0
  /** The index of their count in the message, and of the end of the last of them. */
  #count = 0
  #end = 0

  /** Adds requests to the run at the end of `message`. @returns false where they do not belong to it. */
  extend(message: Item[], op: number, request: number, form: number, requests = 1): boolean {
    if (message !== this.#message || message.length !== this.#end) return false
    if (op !== this.#op || request !== this.#next || form !== this.#form) return false
    this.#next += requests
    message[this.#count] = (message[this.#count] as number) + requests
    return true
  }

  /** Begins a run. The last item of `message` is its count. */
  begin(message: readonly Item[], op: number, request: number, form: number, requests = 1): void {
    this.#message = message
    this.#op = op
    this.#form = form
    this.#next = request + requests
    this.#count = message.length - 1
    this.#end = message.length
  }

  /** Ends the last operation. Call it when all of its items were written. */
  end(message: readonly Item[]): void {
    this.#end = message.length
  }
}
