import { inNextTurn } from '../../time/clock.js'
import {
  becomeLastToParent,
  type Channel,
  type ChannelListener,
  type Emitter,
  hasListenerOfApp,
  isEnvelope,
  isLastToParent,
  Listening,
} from './channel.js'
import { readPlain, writePlain } from './plain-items.js'
import { ENVELOPE, type Item } from './protocol.js'

/** `process` in a child, or the child or cluster worker in its parent. */
export interface ProcessLike extends Emitter {
  send?: ((message: never, ...rest: never[]) => boolean) | undefined
  readonly connected?: boolean
  isConnected?(): boolean
  /** Bun's has neither method. */
  readonly channel?: { ref?(): void; unref?(): void } | null | undefined
  listenerCount(event: string): number
}

/**
 * A channel over the IPC of a child process, with either serialization.
 *
 * The last one to the parent keeps the process alive while the app listens, which Node and Bun no longer do once `ref` or `unref`
 * was called.
 */
export class ProcessChannel implements Channel {
  readonly toThread = false
  readonly #process: ProcessLike
  readonly #listening: Listening
  readonly #toChild: boolean
  #alive = false
  #ended = false

  constructor(other: ProcessLike) {
    this.#process = other
    this.#listening = new Listening(other)
    this.#toChild = other !== (process as unknown)
  }

  get #connected(): boolean | undefined {
    const { connected = this.#process.isConnected?.() } = this.#process
    return connected
  }

  send(message: Item[]): void {
    if (this.#connected !== true) return
    // With a callback, so that IPC that closes meanwhile does not emit an `error` event on the app's object.
    const ignored = (): void => undefined
    this.#process.send?.({ [ENVELOPE]: writePlain(message) } as never, ignored as never)
  }

  listen(listener: ChannelListener): void {
    const followApp = (event: unknown): void => {
      if (event === 'message') inNextTurn(() => this.keepAlive(this.#alive))
    }
    this.#listening.on('message', (message: unknown) => {
      if (isEnvelope(message)) {
        if (!this.#ended) listener.message(readPlain(message[ENVELOPE]))
      }
      // The app may have waited for this message alone. Bun does not report that a listener is removed.
      else followApp('message')
    })
    // A child that is disconnected may still be working, and too busy to notice.
    this.#listening.on('disconnect', () => this.#end(listener, !this.#toChild))
    if (this.#toChild) this.#listening.on('exit', () => this.#end(listener, true))
    else {
      becomeLastToParent(this)
      // As in PortChannel.
      this.keepAlive(true)
      this.#listening.on('newListener', followApp)
      this.#listening.on('removeListener', followApp)
    }
    // The event has been emitted before.
    if (this.#connected === false) inNextTurn(() => this.#end(listener, !this.#toChild))
  }

  keepAlive(on: boolean): void {
    // Whether a child keeps its parent alive is up to the app. A released channel must not undo what the next one needs.
    if (this.#toChild || !isLastToParent(this)) return
    this.#alive = on
    if (this.#process.connected !== true) return
    if (on || hasListenerOfApp(process.listeners('message'))) this.#process.channel?.ref?.()
    else this.#process.channel?.unref?.()
  }

  replaced(): void {
    // As long as the client of a released channel may hold locks, that channel waits for its last message.
    if (this.#ended) this.#listening.end()
  }

  close(): void {
    this.#ended = true
    if (this.#toChild || !isLastToParent(this)) this.#listening.end()
    else this.keepAlive(false)
  }

  #end(listener: ChannelListener, certain: boolean): void {
    if (this.#ended) return
    this.#ended = certain
    if (certain) this.#listening.end()
    listener.ended(certain)
  }
}
