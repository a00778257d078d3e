import type { AdapterParts } from '../../adapter/served-parts.js'
import { invalidArgument } from '../../arguments/invalid.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import type { PeerChannel } from '../wire/peer.js'
import { clientOp, type Item, ownerOp } from '../wire/protocol.js'
import { MalformedMessage, Reader } from '../wire/reader.js'
import { writeError } from '../wire/wire-error.js'
import type { ClientScheduler } from './client-scheduler.js'
import { alreadyServed, checkVersions, type Hello, readHello, serverClosed, welcomeOf } from './handshake.js'
import { ServedClient, type ServedParts } from './served-client.js'

/** What a {@link ServedChannel} needs of its server. */
export interface ServedChannelParts {
  readonly adapter: AdapterParts
  readonly served: ServedParts
  readonly scheduler: ClientScheduler
}

/**
 * The owner's end of a channel, and the client at the other end while there is one.
 *
 * A detached client may still be working and too busy to read that it was detached. The channel is listened to, and the client
 * keeps its locks, until it sends `bye`, which it does after the signals of its locks have aborted, or until it has ended.
 */
export class ServedChannel {
  readonly #channel: PeerChannel
  readonly #parts: ServedChannelParts
  readonly #onClosed: (channel: ServedChannel) => void
  readonly #ownPort: boolean
  client: ServedClient | undefined
  /** The nonce of the current client's hello; set as soon as that client is being accepted. */
  #nonce: string | undefined
  /** Why the server is closing. */
  #closingReason: string | undefined
  /** The client that was detached, while it may rely on its locks. */
  #detached: ServedClient | undefined

  /**
   * @param onClosed Called when the channel is of no more use.
   * @param ownPort Whether the channel is a port that only this server has ever had.
   */
  constructor(
    channel: PeerChannel,
    parts: ServedChannelParts,
    onClosed: (channel: ServedChannel) => void,
    ownPort: boolean,
  ) {
    this.#channel = channel
    this.#parts = parts
    this.#onClosed = onClosed
    this.#ownPort = ownPort
    channel.listen({
      message: (message) => this.#receive(message),
      ended: (certain) => this.#ended(certain),
    })
  }

  /** Answers the requests that have arrived, then detaches the client. Settles when nothing more will be sent. */
  async shutDown(reason: string): Promise<void> {
    this.#closingReason = reason
    const { client } = this
    if (client !== undefined) {
      client.notify(ownerOp.closing)
      client.refuseNewRequests(reason)
      client.flush()
      this.#parts.scheduler.schedule()
      await client.drain()
      client.notify(ownerOp.goodbye)
      client.flush()
    } else if (this.#nonce !== undefined) this.#reject(this.#nonce, serverClosed(reason))
    this.#detach()
  }

  /** Closes the channel for good. Call it when no lock of the client is left. */
  close(): void {
    this.#detached = undefined
    this.#channel.close()
    this.#onClosed(this)
  }

  #receive(message: unknown): void {
    const isBye = Array.isArray(message) && message[0] === clientOp.bye
    if (this.#detached !== undefined) {
      // Anything else is for the next owner.
      if (isBye) this.#releaseLocks()
      return
    }
    try {
      if (Array.isArray(message) && message[0] === clientOp.hello) this.#greet(readHello(new Reader(message)))
      else if (this.client !== undefined) {
        this.client.receive(message)
        if (this.client.ready) this.#parts.scheduler.schedule()
      } else if (!isBye) {
        this.#rejectMessage('the first message of a client must be hello')
        // Elsewhere it may be for an earlier owner that has detached its client: that client knows, and may connect again.
        if (this.#ownPort) this.#detach()
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      // Nothing of the message is done, and nothing more is taken from its sender.
      this.#rejectMessage(error.message)
      this.#detach()
    }
  }

  #greet(hello: Hello): void {
    const { nonce, abandoned } = hello
    try {
      checkVersions(hello, this.#parts.adapter.dialect.schemaVersion)
      const isTaken = this.#nonce !== undefined && this.#nonce !== abandoned && this.client?.disconnecting !== true
      if (isTaken) throw alreadyServed()
    } catch (error) {
      this.#reject(nonce, error)
      return
    }
    // A client that abandoned its hello has asked for nothing, and one that has sent `bye` waits for no answer.
    this.#removeClient(true)
    this.#nonce = nonce
    void this.#accept(nonce)
  }

  async #accept(nonce: string): Promise<void> {
    const { adapter, served, scheduler } = this.#parts
    try {
      if (this.#closingReason !== undefined) throw serverClosed(this.#closingReason)
      await adapter.session.connection.open()
      if (this.#nonce !== nonce || this.#closingReason !== undefined) return
      const client = new ServedClient(
        { send: (message) => this.#sendAnswers(message) },
        served,
        () => void this.#disconnect(client),
        () => scheduler.schedule(),
      )
      this.client = client
      scheduler.add(client)
      this.#channel.send([ownerOp.welcome, nonce, JSON.stringify(welcomeOf(adapter))])
    } catch (error) {
      if (this.#nonce === nonce) this.#nonce = undefined
      this.#reject(nonce, error)
    }
  }

  /** The client has sent `bye`. */
  async #disconnect(client: ServedClient): Promise<void> {
    await client.drain()
    // Before `goodbye`: its locks are free when its `disconnect()` has settled.
    client.end(true)
    // Its end may have the next client by now.
    if (this.client !== client) return
    this.#channel.send([ownerOp.goodbye])
    this.#removeClient(true)
  }

  /** A message may be too large for the channel: no text of 512 MiB is sent to a process. The client disconnects then. */
  #sendAnswers(message: Item[]): void {
    try {
      this.#channel.send(message)
    } catch (error) {
      const reason = `the owner of the database cannot send an answer (${(error as Error).message})`
      this.#reject('', new DisconnectedError('connect', 'unknown', reason))
    }
  }

  #rejectMessage(problem: string): void {
    this.#reject('', invalidArgument('connect', `the owner of the database refuses a message: ${problem}`))
  }

  #reject(nonce: string, error: unknown): void {
    this.#channel.send([ownerOp.refuse, nonce, writeError(error)])
  }

  #ended(certain: boolean): void {
    const { client = this.#detached } = this
    if (!certain && client !== undefined && client.locks > 0) client.end(false)
    else this.#releaseLocks()
  }

  /** Closes the channel: the client no longer relies on any lock. */
  #releaseLocks(): void {
    this.#removeClient(true)
    this.#detached?.end(true)
    this.close()
  }

  /** Gives up the channel to the next owner. It is listened to only while the client holds locks. */
  #detach(): void {
    if (this.#detached !== undefined) return
    const { client } = this
    const holdsLocks = client !== undefined && client.locks > 0
    // Without a lock it holds none later either: it is not sent what a pending request is granted.
    this.#removeClient(!holdsLocks)
    if (!holdsLocks) {
      this.close()
      return
    }
    this.#detached = client
    this.#channel.releasePeer()
  }

  /** @param certain See {@link ServedClient.end}. */
  #removeClient(certain: boolean): void {
    const { client } = this
    if (client === undefined) return
    this.#nonce = undefined
    client.end(certain)
    this.#parts.scheduler.remove(client)
    this.client = undefined
  }
}
