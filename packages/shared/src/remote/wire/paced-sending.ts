import { inNextTurn, systemClock } from '../../time/clock.js'

// As long as the calls of one turn may hold the event loop, less what is on its way when they are over.
const LONGEST_TURN_MS = 5
// What a look costs, an immediate, is a tenth of a message.
const MESSAGES_BETWEEN_LOOKS = 4

type Refuse = (reason: unknown) => void

/**
 * Sends messages to another thread or process, in order: at once, or in the next turn of the event loop where this one has
 * taken long.
 *
 * Node hands out the messages of a port one after the other within one turn, up to a thousand, as long as there is a next
 * one. Where the other end is on a core of its own, the answer to what was sent while one message was read is there before
 * the next one has been read: for so long no timer would fire. Without a word from here there is no next one.
 */
export class PacedSending<Message> {
  readonly #send: (message: Message) => void
  readonly #monotonic: () => number
  /** When the first look in this turn was. */
  #began: number | undefined
  #left = 1
  #held: (readonly [message: Message, refuse: Refuse])[] = []

  /** @param monotonic ms. Of the event loop, not of a test. */
  constructor(send: (message: Message) => void, monotonic: () => number = systemClock.monotonic) {
    this.#send = send
    this.#monotonic = monotonic
  }

  /** @param refuse Is told why the message cannot be sent; those behind it are. */
  send(message: Message, refuse: Refuse): void {
    if (this.#held.length > 0) this.#held.push([message, refuse])
    else if (--this.#left > 0 || !this.#isLong()) this.#sendNow(message, refuse)
    else {
      this.#held.push([message, refuse])
      inNextTurn(() => {
        // What is sent meanwhile comes last.
        for (const [held, refuseHeld] of this.#held) this.#sendNow(held, refuseHeld)
        this.#held = []
      })
    }
  }

  #sendNow(message: Message, refuse: Refuse): void {
    try {
      this.#send(message)
    } catch (error) {
      refuse(error)
    }
  }

  #isLong(): boolean {
    this.#left = MESSAGES_BETWEEN_LOOKS
    const now = this.#monotonic()
    if (this.#began !== undefined) return now - this.#began >= LONGEST_TURN_MS
    this.#began = now
    inNextTurn(() => {
      this.#began = undefined
    })
    return false
  }
}
