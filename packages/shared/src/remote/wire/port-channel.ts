import { parentPort } from 'node:worker_threads'
import { inNextTurn, setRealTimer } from '../../time/clock.js'
import {
  becomeLastToParent,
  type Channel,
  type ChannelListener,
  type Emitter,
  isEnvelope,
  isLastToParent,
  Listening,
} from './channel.js'
import { ENVELOPE, type Item } from './protocol.js'

/**
 * A message of at least so many items is sent as an array that begins with `ENVELOPE` instead of an object with that member:
 * Bun clones it in half the time. `hello` is shorter, so every release reads it in the form that all releases have.
 */
const LONG = 6

const isBun = process.versions.bun !== undefined

// Bun does not report that a port was transferred while it was in use.
const TRANSFER_POLL_MS = 500

/** A `MessagePort`, a `Worker`, which has the methods of one, or a `MessagePortMain` of Electron. */
export interface PortLike extends Emitter {
  postMessage(message: never): void
  /** Electron's port has neither method, and gives events that hold the messages. */
  ref?(): void
  unref?(): void
  /** Only a port has it. Electron's delivers nothing before. */
  start?(): void
  /** Only a port has it. */
  hasRef?(): boolean
  /** Only a worker has it: -1 once it has ended. */
  readonly threadId?: number
  /** Only a port has it. */
  close?(): void
  /** Only a worker has it. */
  terminate?(): unknown
  listenerCount?(event: string): number
}

/**
 * A channel to another thread of this process. Its end is always certain: ports close with their thread.
 *
 * The last one to the parent follows the app's listeners: once `ref` or `unref` was called, Bun neither keeps a thread alive for a
 * listener that the app adds, nor lets it end when that is removed.
 */
export class PortChannel implements Channel {
  readonly toThread = true
  readonly #port: PortLike
  readonly #listening: Listening
  readonly #exit: Listening = new Listening(process)
  readonly #toWorker: boolean
  readonly #toParent: boolean
  #alive = false
  #ended = false
  #watchesTransfer = false
  #listener: ChannelListener | undefined

  constructor(port: PortLike) {
    this.#port = port
    this.#listening = new Listening(port)
    this.#toWorker = port.terminate !== undefined
    this.#toParent = port === (parentPort as unknown)
  }

  send(message: Item[]): void {
    // A port whose other end is gone ignores messages.
    if (message.length < LONG) this.#port.postMessage({ [ENVELOPE]: message } as never)
    else {
      message.unshift(ENVELOPE)
      this.#port.postMessage(message as never)
    }
  }

  listen(listener: ChannelListener): void {
    this.#listener = listener
    const ended = (): void => this.#end()
    const receive = (message: unknown): void => {
      if (!this.#ended) listener.message(message)
    }
    const isElectrons = this.#port.ref === undefined
    this.#listening.on('message', (given: unknown) => {
      const message = isElectrons ? (given as { readonly data: unknown }).data : given
      if (Array.isArray(message) && message[0] === ENVELOPE) receive(message)
      else if (isEnvelope(message)) receive(message[ENVELOPE])
      // The app may have waited for this message alone.
      else if (this.#toParent) inNextTurn(() => this.keepAlive(this.#alive))
    })
    this.#listening.on(this.#toWorker ? 'exit' : 'close', ended)
    // The event has been emitted before.
    if (this.#hasEnded()) inNextTurn(ended)
    // A port of ours must not keep the thread alive. An owner that serves its parent stays alive until it closes.
    if (this.#toParent) {
      this.keepAlive(true)
      becomeLastToParent(this)
      // Only the first listener keeps a thread alive, so one that the app adds after ours does not.
      this.#exit.on('beforeExit', () => this.keepAlive(this.#alive))
    } else if (!this.#toWorker) this.#port.unref?.()
    if (isElectrons) this.#port.start?.()
  }

  keepAlive(on: boolean): void {
    // Whether a worker keeps its parent alive is up to the app.
    if (this.#toWorker) return
    this.#alive = on
    if (on && isBun && !this.#toParent) this.#watchTransfer()
    // The app listens to the port too.
    const isWanted =
      this.#toParent && Number(this.#port.listenerCount?.('message')) > this.#listening.countOf('message')
    if (on || isWanted) this.#port.ref?.()
    else this.#port.unref?.()
  }

  replaced(): void {
    this.#exit.end()
    if (this.#ended) this.#listening.end()
  }

  close(): void {
    this.#ended = true
    // Node follows the app's listeners by itself while ours is not among them.
    if (!isLastToParent(this) || !isBun) this.#listening.end()
    if (this.#toParent || this.#toWorker) this.keepAlive(false)
    else this.#port.close?.()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#listening.end()
    this.#listener?.ended(true)
  }

  /** Looks every {@link TRANSFER_POLL_MS} whether the port was transferred, as long as an answer is awaited. */
  #watchTransfer(): void {
    if (this.#watchesTransfer) return
    this.#watchesTransfer = true
    // Not the clock of the adapter: a test that runs all faked timers would never end.
    setRealTimer(() => {
      this.#watchesTransfer = false
      // The app may have called `ref()` itself since the last answer.
      if (this.#ended || !this.#alive) return
      if (this.#hasEnded()) this.#end()
      else this.#watchTransfer()
    }, TRANSFER_POLL_MS)
  }

  /** Whether a worker has ended, or a port is closed or was transferred: `ref()` has no effect on such a port. */
  #hasEnded(): boolean {
    if (this.#toWorker) return this.#port.threadId === -1
    // `hasRef` of Bun's `parentPort` is always false; the port lives as long as this thread.
    if (this.#toParent) return false
    this.#port.ref?.()
    return this.#port.hasRef?.() === false
  }
}
