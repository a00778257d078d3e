import type {
  CircuitFollower,
  DatabaseOwner,
  LoadedText,
  LoadRequest,
  LoadTurn,
  OwnerContext,
  WaitInLoad,
} from '../../connection/database-owner.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import type { OperationQueue } from '../../queue/operation-queue.js'
import { STATES } from '../../stores/circuit-breaker/circuit-row.js'
import type { HoldTables } from '../../stores/lock/hold-tables.js'
import type { PeerChannel } from '../wire/peer.js'
import { CIRCUIT_UPDATES, clientOp, ownerOp, type Welcome } from '../wire/protocol.js'
import type { Reader } from '../wire/reader.js'
import { ClientChannel } from './client-channel.js'
import { RemoteLoads } from './remote-loads.js'
import { RemotePlace } from './remote-place.js'
import { RemoteQueue } from './remote-queue.js'

interface Parts {
  readonly channel: ClientChannel
  readonly queue: RemoteQueue
  readonly loads: RemoteLoads
}

/** The owner of the database, as seen by a client. Used in place of the driver of its connection. */
export class RemoteOwner implements DatabaseOwner {
  readonly engine: string
  readonly readOnly: boolean
  readonly lockOwnerPrefix: string
  readonly place: RemotePlace
  readonly welcome: Welcome
  readonly #transport: PeerChannel
  readonly #circuits = new Map<string, CircuitFollower>()
  /** The intervals in ms of all that watch a circuit. The owner is sent the shortest. */
  readonly #intervals = new Map<string, number[]>()
  readonly #claims = new Map<string, () => void>()
  readonly #onGone: (() => void)[] = []
  /** The locks that were granted here. */
  #holds: HoldTables | undefined
  /** Made with the connection. */
  #parts: Parts | undefined
  /** The messages that arrived before the connection was made: that the owner closes, or that its database is lost. */
  #early: unknown[] = []
  /** Why the channel ended, if it did so before the connection was made. */
  #endReason: string | undefined

  /** @param transport The channel on which the owner has accepted this client. */
  constructor(transport: PeerChannel, welcome: Welcome) {
    this.#transport = transport
    this.welcome = welcome
    this.engine = welcome.engine
    this.readOnly = welcome.readOnly
    this.lockOwnerPrefix = welcome.ownerPrefix
    this.place = new RemotePlace(welcome, () => this.channel.notify(clientOp.schemaReady))
  }

  get channel(): ClientChannel {
    return (this.#parts as Parts).channel
  }

  openQueue(context: OwnerContext): OperationQueue {
    // A connection that was closed may have left the channel open for the next.
    if (this.#parts !== undefined) {
      this.#parts.channel.use(context)
      return this.#parts.queue
    }
    const channel = new ClientChannel(this.#transport, context, {
      read: (op, reader) => this.#read(op, reader),
      ended: (reason) => this.#channelEnded(reason),
    })
    const queue = new RemoteQueue(channel)
    this.#parts = { channel, queue, loads: new RemoteLoads(channel, queue) }
    for (const message of this.#early.splice(0)) channel.receive(message)
    if (this.#endReason !== undefined) channel.end(this.#endReason)
    return queue
  }

  /** Ends the connection once no request is pending. For a connection that has no adapter. */
  async close(): Promise<void> {
    if (this.#parts !== undefined) return this.#parts.channel.close()
    this.#transport.send([clientOp.bye])
    this.#transport.close()
  }

  get gone(): string | undefined {
    return this.#parts === undefined ? this.#endReason : this.#parts.channel.closeReason
  }

  onGone(callback: () => void): void {
    this.#onGone.push(callback)
  }

  receive(message: unknown): void {
    if (this.#parts === undefined) this.#early.push(message)
    else this.#parts.channel.receive(message)
  }

  /** The channel has ended. */
  end(reason: string): void {
    this.#endReason = reason
    if (this.#parts === undefined) this.#transport.close()
    else this.#parts.channel.end(reason)
  }

  followCircuit(key: string, listener: CircuitFollower): () => void {
    this.#circuits.set(key, listener)
    this.channel.notify(clientOp.followCircuit, key)
    return () => {
      this.#circuits.delete(key)
      this.channel.notify(clientOp.leaveCircuit, key)
    }
  }

  watchCircuit(key: string, interval: number): () => void {
    const all = this.#intervals.get(key) ?? []
    this.#intervals.set(key, all)
    const sendShortest = (): void => this.channel.notify(clientOp.watchCircuit, key, Math.min(...all))
    all.push(interval)
    sendShortest()
    return () => {
      all.splice(all.indexOf(interval), 1)
      if (all.length > 0) sendShortest()
      // The owner is sent `leaveCircuit` anyway.
      else this.#intervals.delete(key)
    }
  }

  followClaim(key: string, listener: () => void): () => void {
    this.#claims.set(key, listener)
    this.channel.notify(clientOp.followClaim, key)
    return () => {
      this.#claims.delete(key)
      this.channel.notify(clientOp.leaveClaim, key)
    }
  }

  enterLoad(request: LoadRequest): Promise<LoadTurn | LoadedText> {
    return (this.#parts as Parts).loads.enter(request)
  }

  waitInLoad(request: LoadRequest, inside: number): WaitInLoad | undefined {
    return (this.#parts as Parts).loads.waitFor(request, inside)
  }

  /** Marks holds of the kind `process` as lost when their locks are. */
  followLocks(holds: HoldTables): void {
    this.#holds = holds
  }

  #read(op: number, reader: Reader): boolean {
    switch (op) {
      case ownerOp.circuit:
        this.#readCircuit(reader)
        return true
      case ownerOp.claim:
        this.#claims.get(reader.text())?.()
        return true
      case ownerOp.lockLost: {
        const [prefix, key, token, reason] = [reader.text(), reader.text(), reader.count(), reader.text()]
        const table = this.#holds?.find('process', prefix)
        const hold = table?.get(key)
        if (hold?.token === token) table?.lose(hold, reason)
        return true
      }
      default:
        return this.#parts?.loads.read(op, reader) ?? false
    }
  }

  #readCircuit(reader: Reader): void {
    const key = reader.text()
    const kind = reader.oneOf(CIRCUIT_UPDATES)
    const state: CircuitBreakerPersistedState = { state: reader.oneOf(STATES), failureCount: reader.count() }
    const [failed, succeeded] = [reader.numberOrNull(), reader.numberOrNull()]
    if (failed !== null) state.lastFailureTime = failed
    if (succeeded !== null) state.lastSuccessTime = succeeded
    this.#circuits.get(key)?.(state, kind)
  }

  #channelEnded(reason: string): void {
    this.#holds?.dropAll('process', reason)
    this.#parts?.loads.ended(reason)
    // The waiting callers ask again, and are refused.
    for (const listener of [...this.#claims.values()]) listener()
    for (const callback of this.#onGone.splice(0)) callback()
  }
}
