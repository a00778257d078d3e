import type {
  CircuitFollower,
  DatabaseOwner,
  LoadedText,
  LoadRequest,
  LoadTurn,
  OwnerContext,
} from '../../connection/database-owner.js'
import type { CircuitBreakerPersistedState } from '../../ports/circuit-breaker.js'
import type { OperationQueue } from '../../queue/operation-queue.js'
import type { HoldTable } from '../../stores/lock/hold-table.js'
import type { Channel } from '../wire/channel.js'
import { CIRCUIT_UPDATES, say, tell, type Welcome } from '../wire/protocol.js'
import { MalformedMessage, type Reader } from '../wire/reader.js'
import { RemoteLink } from './remote-link.js'
import { RemoteLoads } from './remote-loads.js'
import { RemotePlace } from './remote-place.js'
import { RemoteQueue } from './remote-queue.js'

const STATES = ['closed', 'open', 'half-open'] as const

interface Parts {
  readonly link: RemoteLink
  readonly queue: RemoteQueue
  readonly loads: RemoteLoads
}

/** The owner of the database, as a user of it sees it. Takes the place of the driver of its connection. */
export class RemoteOwner implements DatabaseOwner {
  readonly engine: string
  readonly readOnly: boolean
  readonly lockOwnerPrefix: string
  readonly place: RemotePlace
  readonly welcome: Welcome
  readonly #channel: Channel
  readonly #circuits = new Map<string, CircuitFollower>()
  /** ms, of all who watch a circuit. The owner goes by the shortest. */
  readonly #intervals = new Map<string, readonly number[]>()
  readonly #claims = new Map<string, () => void>()
  /** The locks that were granted here, by the prefix of their keys. */
  readonly #locks = new Map<string, HoldTable>()
  /** Of the connection that is made over it. */
  #parts: Parts | undefined
  /** What came before that was made: that the owner closes, or that its database is lost. */
  #early: unknown[] = []
  /** Why the channel has ended before that. */
  #ended: string | undefined

  /** @param channel Through which the owner has said `welcome`. */
  constructor(channel: Channel, welcome: Welcome) {
    this.#channel = channel
    this.welcome = welcome
    this.engine = welcome.engine
    this.readOnly = welcome.readOnly
    this.lockOwnerPrefix = welcome.ownerPrefix
    this.place = new RemotePlace(welcome, () => this.link.say(say.settle))
  }

  get link(): RemoteLink {
    return (this.#parts as Parts).link
  }

  queue(context: OwnerContext): OperationQueue {
    // A connection that was closed may have left the channel open for the next one.
    if (this.#parts !== undefined) {
      this.#parts.link.use(context)
      return this.#parts.queue
    }
    const link = new RemoteLink(this.#channel, context, {
      read: (word, reader) => this.#read(word, reader),
      ended: (reason) => this.#tellEnd(reason),
    })
    const queue = new RemoteQueue(link)
    this.#parts = { link, queue, loads: new RemoteLoads(link, queue) }
    for (const message of this.#early.splice(0)) link.message(message)
    if (this.#ended !== undefined) link.end(this.#ended)
    return queue
  }

  /** Ends the connection, once nothing is under way; for one on which no adapter was made, or is left. */
  async close(): Promise<void> {
    if (this.#parts !== undefined) return this.#parts.link.close()
    this.#channel.send([say.bye])
    this.#channel.close()
  }

  get gone(): string | undefined {
    return this.#parts === undefined ? this.#ended : this.#parts.link.closed
  }

  message(message: unknown): void {
    if (this.#parts === undefined) this.#early.push(message)
    else this.#parts.link.message(message)
  }

  /** The channel has ended. */
  end(reason: string): void {
    this.#ended = reason
    if (this.#parts === undefined) this.#channel.close()
    else this.#parts.link.end(reason)
  }

  followCircuit(key: string, told: CircuitFollower): () => void {
    this.#circuits.set(key, told)
    this.link.say(say.followCircuit, key)
    return () => {
      this.#circuits.delete(key)
      this.link.say(say.leaveCircuit, key)
    }
  }

  watchCircuit(key: string, interval: number): () => void {
    this.#setIntervals(key, [...(this.#intervals.get(key) ?? []), interval])
    return () => {
      const left = [...(this.#intervals.get(key) ?? [])]
      left.splice(left.indexOf(interval), 1)
      this.#setIntervals(key, left)
    }
  }

  /** Tells the owner the shortest, unless it is as before. Where none is left, the circuit is left as well. */
  #setIntervals(key: string, intervals: readonly number[]): void {
    const before = Math.min(...(this.#intervals.get(key) ?? []))
    const shortest = Math.min(...intervals)
    if (intervals.length === 0) this.#intervals.delete(key)
    else this.#intervals.set(key, intervals)
    if (intervals.length > 0 && shortest !== before) this.link.say(say.watchCircuit, key, shortest)
  }

  followClaim(key: string, told: () => void): () => void {
    this.#claims.set(key, told)
    this.link.say(say.followClaim, key)
    return () => {
      this.#claims.delete(key)
      this.link.say(say.leaveClaim, key)
    }
  }

  enterLoad(request: LoadRequest): Promise<LoadTurn | LoadedText> {
    return (this.#parts as Parts).loads.enter(request)
  }

  /** Has the holds of `table` told when their locks are lost. */
  followLocks(prefix: string, table: HoldTable): void {
    this.#locks.set(prefix, table)
  }

  #read(word: number, reader: Reader): boolean {
    switch (word) {
      case tell.circuit:
        this.#readCircuit(reader)
        return true
      case tell.claim:
        this.#claims.get(reader.text())?.()
        return true
      case tell.lockLost: {
        const table = this.#locks.get(reader.text())
        const hold = table?.get(reader.text())
        const token = reader.count()
        const reason = reader.text()
        if (hold?.token === token) table?.lose(hold, reason)
        return true
      }
      default:
        return this.#parts?.loads.read(word, reader) ?? false
    }
  }

  #readCircuit(reader: Reader): void {
    const key = reader.text()
    const kind = CIRCUIT_UPDATES[reader.count()]
    if (kind === undefined) throw new MalformedMessage('there is no such update of a circuit')
    const state: CircuitBreakerPersistedState = { state: reader.oneOf(STATES), failureCount: reader.count() }
    const [failed, succeeded] = [reader.numberOrNull(), reader.numberOrNull()]
    if (failed !== null) state.lastFailureTime = failed
    if (succeeded !== null) state.lastSuccessTime = succeeded
    this.#circuits.get(key)?.(state, kind)
  }

  #tellEnd(reason: string): void {
    for (const table of this.#locks.values()) table.dropAll(reason)
    this.#parts?.loads.ended(reason)
    // What these wait for is asked for again, and refused.
    for (const told of [...this.#claims.values()]) told()
  }
}
