import type { Item } from './protocol.js'

/** What a channel tells the end that listens to it. */
export interface ChannelListener {
  /** A message has come, of whatever form; one that is an array may begin with our name. */
  message(message: unknown): void
  /**
   * Nothing comes any more.
   *
   * @param certain The other end runs no code any more. Else it may be at work still, and not know.
   */
  ended(certain: boolean): void
}

/** One end of a way to another thread or process, beside whatever the app sends there. */
export interface Channel {
  /** Whether the other end is a thread of this process: a message to it costs little. */
  readonly toThread: boolean
  /**
   * Never throws: that the other end has gone is told by {@link ChannelListener.ended}.
   *
   * @param message No longer the caller's.
   */
  send(message: Item[]): void
  listen(listener: ChannelListener): void
  /** Whether it keeps this thread or process alive. */
  keepAlive(on: boolean): void
  /** Stops listening; ends a port that has no other use. May be repeated, and nothing is sent after it. */
  close(): void
}

type Listener = (...given: unknown[]) => void

/** What `MessagePort`, `Worker`, `process`, `ChildProcess` and the worker of `cluster` have in common. */
export interface Emitter {
  on(event: string, listener: (...given: unknown[]) => void): unknown
  off(event: string, listener: (...given: unknown[]) => void): unknown
}

/** The listeners of one channel, so that all are taken off together. */
export class Listening {
  readonly #emitter: Emitter
  readonly #listeners: [string, Listener][] = []

  constructor(emitter: Emitter) {
    this.#emitter = emitter
  }

  on(event: string, listener: Listener): void {
    this.#emitter.on(event, listener)
    this.#listeners.push([event, listener])
  }

  countOf(event: string): number {
    return this.#listeners.filter(([name]) => name === event).length
  }

  end(): void {
    for (const [event, listener] of this.#listeners.splice(0)) this.#emitter.off(event, listener)
  }
}
