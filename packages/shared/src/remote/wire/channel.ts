import { ofAllCopies } from '../../processes/all-copies.js'
import { ENVELOPE, type Item } from './protocol.js'

/** Receives what arrives through a channel. */
export interface ChannelListener {
  /** A message has arrived, of any form. An array may begin with `ENVELOPE`. */
  message(message: unknown): void
  /**
   * Nothing more will arrive.
   *
   * @param certain Whether the other end runs no more code. Otherwise it may still be working without knowing.
   */
  ended(certain: boolean): void
}

/** One end of a channel to another thread or process, which the app may use for its own messages too. */
export interface Channel {
  /** Whether the other end is a thread of this process. */
  readonly toThread: boolean
  /**
   * Sends a message. Does nothing when the other end has gone, which {@link ChannelListener.ended} reports.
   *
   * @param message Belongs to the channel from now on.
   * @throws when the message is too large for the channel.
   */
  send(message: Item[]): void
  listen(listener: ChannelListener): void
  /** Whether it keeps this thread or process alive. */
  keepAlive(on: boolean): void
  /** Stops listening and sending, and closes a port that has no other use. May be repeated. */
  close(): void
}

/** Whether a message is one of ours in an object. An answer of the app that repeats it and adds something is the app's. */
export function isEnvelope(message: unknown): message is { readonly [ENVELOPE]: unknown } {
  return typeof message === 'object' && message !== null && ENVELOPE in message && Object.keys(message).length === 1
}

type Listener = (...given: unknown[]) => void

/** Marks our listeners. On a global symbol, because a process may have several installed copies of this package. */
const OURS = Symbol.for('go-go-scope.persistence.listener/1')

/** Whether one of the listeners is the app's. */
export function hasListenerOfApp(listeners: readonly object[]): boolean {
  return listeners.some((listener) => !(OURS in listener))
}

/** A channel to the parent. It follows the app's listeners until another one replaces it, also when it is closed. */
interface ToParent {
  /** There is another one. */
  replaced(): void
}

/** The last channel to the parent. */
const toParent = ofAllCopies<{ last?: ToParent }>('go-go-scope.persistence.to-parent/1', () => ({}))

export function isLastToParent(channel: ToParent): boolean {
  return toParent.last === channel
}

export function becomeLastToParent(channel: ToParent): void {
  toParent.last?.replaced()
  toParent.last = channel
}

/** What `MessagePort`, `Worker`, `process`, `ChildProcess` and the worker of `cluster` have in common. */
export interface Emitter {
  on(event: string, listener: (...given: unknown[]) => void): unknown
  off(event: string, listener: (...given: unknown[]) => void): unknown
}

/** The listeners of one channel, so that all are removed together. */
export class Listening {
  readonly #emitter: Emitter
  readonly #listeners: [string, Listener][] = []

  constructor(emitter: Emitter) {
    this.#emitter = emitter
  }

  on(event: string, listener: Listener): void {
    this.#emitter.on(event, Object.assign(listener, { [OURS]: true }))
    this.#listeners.push([event, listener])
  }

  countOf(event: string): number {
    return this.#listeners.filter(([name]) => name === event).length
  }

  end(): void {
    for (const [event, listener] of this.#listeners.splice(0)) this.#emitter.off(event, listener)
  }
}
