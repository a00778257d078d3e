import { parentPort } from 'node:worker_threads'
import { inNextTurn } from '../../time/clock.js'
import { type Channel, type ChannelListener, type Emitter, Listening } from './channel.js'
import { ENVELOPE, type Item } from './protocol.js'

/**
 * From so many items on, a message is an array that begins with the name, and no object that has it: Bun clones that in half
 * the time. A greeting is shorter: each release reads it in the form that all have.
 */
const LONG = 32

/** A `MessagePort`, or a `Worker`, which has the methods of one. */
export interface PortLike extends Emitter {
  postMessage(message: never): void
  ref(): void
  unref(): void
  /** That of Electron has none. */
  hasRef?(): boolean
  /** Of a worker: -1 once it has ended. */
  readonly threadId?: number
  /** Of a port. */
  close?(): void
  /** Of a worker. */
  terminate?(): unknown
  listenerCount?(event: string): number
}

/** A way to another thread of this process. Its end is always certain: ports end with their thread. */
export class PortChannel implements Channel {
  readonly toThread = true
  readonly #port: PortLike
  readonly #listening: Listening
  readonly #isWorker: boolean
  readonly #ending = new Listening(process)
  /** Whether the app has other uses for it. */
  readonly #shared: boolean
  #ended = false

  constructor(port: PortLike) {
    this.#port = port
    this.#listening = new Listening(port)
    this.#isWorker = port.terminate !== undefined
    this.#shared = port === (parentPort as unknown) || this.#isWorker
  }

  send(message: Item[]): void {
    // A port whose other end is gone takes messages in silence.
    if (message.length < LONG) this.#port.postMessage({ [ENVELOPE]: message } as never)
    else {
      message.unshift(ENVELOPE)
      this.#port.postMessage(message as never)
    }
  }

  listen(listener: ChannelListener): void {
    const ended = (): void => {
      if (this.#ended) return
      this.#ended = true
      this.#listening.end()
      listener.ended(true)
    }
    this.#listening.on('message', (message: unknown) => {
      if (Array.isArray(message)) {
        if (message[0] === ENVELOPE) listener.message(message)
      } else if (typeof message === 'object' && message !== null && ENVELOPE in message) {
        listener.message(message[ENVELOPE])
      }
    })
    this.#listening.on(this.#isWorker ? 'exit' : 'close', ended)
    // That it has ended was told before.
    if (this.#hasEnded()) inNextTurn(ended)
    // Who listens to a port of ours waits for nothing; who listens to its parent serves it, and stays for it.
    if (!this.#shared) this.#port.unref()
    // A listener that the app adds beside ours keeps the thread alive no more: only the first one does.
    else if (!this.#isWorker) this.#ending.on('beforeExit', () => this.keepAlive(false))
  }

  keepAlive(on: boolean): void {
    // A worker keeps its parent alive as the app wants it.
    if (this.#isWorker) return
    // The app listens to it too, and waits for what it sends itself.
    const isWanted = this.#shared && (this.#port.listenerCount?.('message') ?? 0) > this.#listening.countOf('message')
    if (on || isWanted) this.#port.ref()
    else this.#port.unref()
  }

  close(): void {
    this.#ended = true
    this.#listening.end()
    this.#ending.end()
    if (!this.#shared) this.#port.close?.()
    else this.keepAlive(false)
  }

  /** Whether a worker has ended, or a port is closed or was transferred: such a port takes no reference. */
  #hasEnded(): boolean {
    if (this.#isWorker) return this.#port.threadId === -1
    // Of Bun's `parentPort`, `hasRef` is false always; it lives as long as this thread.
    if (this.#shared) return false
    this.#port.ref()
    return this.#port.hasRef?.() === false
  }
}
