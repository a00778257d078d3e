import type { ServedUser } from '../../connection/served-users.js'
import type { Statement } from '../../queue/statement.js'
import { AnswerWriter } from '../wire/answer-writer.js'
import type { Channel } from '../wire/channel.js'
import { clientOp, type Item, ownerOp } from '../wire/protocol.js'
import { Reader } from '../wire/reader.js'
import type { CircuitWatches } from './circuit-watches.js'
import { ClientAnswers } from './client-answers.js'
import { ClientLoads } from './client-loads.js'
import { ClientLocks } from './client-locks.js'
import { ClientRequests, type SharedParts } from './client-requests.js'
import { ClientSubscriptions } from './client-subscriptions.js'
import { CommandReader } from './command-reader.js'
import { type Command, countOf, type Notification } from './commands.js'
import { Inbox } from './inbox.js'
import type { LockManagers } from './lock-managers.js'
import type { StatementPool } from './statement-pool.js'

/** What the clients of one connection share. */
export interface ServedParts extends SharedParts {
  readonly statements: StatementPool
  readonly locks: LockManagers
  readonly watches: CircuitWatches
}

/** A client, at the owner: its commands from their arrival until the client ends. */
export class ServedClient {
  readonly #parts: ServedParts
  readonly #onBye: () => void
  readonly #commands: CommandReader
  readonly #inbox: Inbox
  readonly #out: AnswerWriter
  readonly #answers: ClientAnswers
  readonly #locks: ClientLocks
  readonly #loads: ClientLoads
  readonly #subscriptions: ClientSubscriptions
  readonly #requests: ClientRequests
  /** Why new requests are refused. */
  #refusalReason: string | undefined
  #ended = false
  /** Whether it has sent `bye`. */
  disconnecting = false

  /**
   * @param onBye Called when the client has sent `bye` and all of its earlier commands were begun.
   * @param onReady Called when {@link ready} may have become true.
   */
  constructor(channel: Pick<Channel, 'send'>, parts: ServedParts, onBye: () => void, onReady: () => void) {
    const { connection, statements, locks, watches } = parts
    this.#parts = parts
    this.#onBye = onBye
    this.#commands = new CommandReader((statement) => statements.intern(statement))
    this.#inbox = new Inbox(connection.clock)
    const isOwn = (statement: Statement): boolean => statements.isOwn(statement)
    this.#out = new AnswerWriter((message) => channel.send(message), isOwn)
    this.#answers = new ClientAnswers(this.#out, isOwn, () => {
      if (this.ready) onReady()
    })
    const notify = (...items: Item[]): void => this.#out.notify(...items)
    this.#locks = new ClientLocks(locks, (prefix, { key, token }, reason) =>
      notify(ownerOp.lockLost, prefix, key, token, reason),
    )
    this.#loads = new ClientLoads(connection, notify)
    this.#subscriptions = new ClientSubscriptions(connection, watches, this.#out)
    const own = { locks: this.#locks, loads: this.#loads, subscriptions: this.#subscriptions }
    this.#requests = new ClientRequests(parts, own, this.#answers)
  }

  /** Requests that have arrived and are not answered. */
  get calls(): number {
    return this.#answers.calls
  }

  /** Locks in memory that it holds, some of which may have expired. */
  get locks(): number {
    return this.#locks.size
  }

  /** See {@link ServedUser.lag}. */
  get lag(): ServedUser['lag'] {
    return this.#inbox.lag
  }

  /** Whether a command has arrived that may run or be declined now. */
  get ready(): boolean {
    return this.#inbox.length > 0 && (this.#answers.room > 0 || this.#answers.isFull)
  }

  /** Takes a message, whole or not at all. @throws MalformedMessage also for more than a client may have pending. */
  receive(message: unknown): void {
    const commands = this.#commands.read(new Reader(message))
    for (const command of commands) {
      if ('number' in command) this.#answers.enter(command)
      else if ('inside' in command) this.#loads.count()
    }
    for (const command of commands) {
      // At once: the commands before it may be waiting for this credit, or for the end of this answer.
      if (command.op === clientOp.taken) {
        this.#out.taken()
        this.#subscriptions.sendHeld()
      } else if (command.op === clientOp.more) this.#answers.more(command.request)
      else if (command.op === clientOp.bye) this.#takeBye(command)
      else if (this.#refusalReason !== undefined && 'number' in command)
        this.#answers.decline(command, this.#refusalReason)
      else if (this.#inbox.length === 0 && this.#runsAtOnce(command)) this.#run(command)
      else this.#inbox.push(command)
    }
    this.#inbox.measure()
  }

  /** A client that could not read an answer sends `bye` and gives no more credit, so nothing waits for credit from here on. */
  #takeBye(bye: Command): void {
    this.disconnecting = true
    this.#answers.stopWaiting()
    if (this.#inbox.length === 0) this.#run(bye)
    else this.#inbox.push(bye)
  }

  /** Runs or declines the next command; of calls that were sent together, at most `most`. @returns how many it has run. */
  runNext(most: number): number {
    const { isFull, room } = this.#answers
    const command = this.#inbox.take(isFull ? most : Math.min(most, room))
    this.#run(command, isFull)
    return countOf(command)
  }

  /** Sends what is to be sent, at the end of a turn. */
  flush(): void {
    this.#out.flush()
  }

  notify(...items: Item[]): void {
    this.#out.notify(...items)
  }

  /** Settles when all requests that have arrived are answered. */
  drain(): Promise<void> {
    return this.#answers.drain()
  }

  /** Refuses the requests that arrive from now on, and sends all pending answers without waiting for credit. */
  refuseNewRequests(reason: string): void {
    this.#refusalReason = reason
    this.#answers.stopWaiting()
  }

  /**
   * Ends the client: nothing more is run for it or sent to it. May be repeated.
   *
   * @param certain Whether it no longer relies on its locks. Otherwise it may still be working, and its locks last until their
   *   leases end.
   */
  end(certain: boolean): void {
    if (!this.#ended) {
      this.#ended = true
      for (const command of this.#inbox.clear()) if ('number' in command) this.#answers.drop(command)
      this.#answers.end()
      this.#subscriptions.end()
      this.#loads.releaseAll()
    }
    if (certain) this.#locks.releaseAll()
  }

  /** Lock operations share no statement and no commit, so they need not wait for the commands of others. */
  #runsAtOnce({ op }: Command): boolean {
    return op >= clientOp.acquire && op <= clientOp.forceRelease
  }

  #run(command: Command, isFull = false): void {
    if (!('number' in command)) this.#handle(command)
    else if (!isFull && (this.#refusalReason === undefined || this.#parts.connection.usable)) {
      this.#answers.begin(command)
      this.#requests.run(command)
    } else {
      // A client that has sent `bye` reads no reason.
      this.#answers.decline(command, this.#refusalReason as string)
    }
  }

  /** Other notifications are handled on arrival. */
  #handle(notification: Notification): void {
    if (notification.op === clientOp.bye) this.#onBye()
    else if (notification.op === clientOp.schemaReady) void this.#schemaReady()
    else if ('wait' in notification) this.#loads.run(notification)
    else if ('key' in notification) this.#subscriptions.run(notification)
  }

  async #schemaReady(): Promise<void> {
    const { clock, place, diagnostics } = this.#parts.connection
    // As when a local session connects: from here on, lease time follows every change of the wall clock.
    clock.lease.now()
    try {
      await place.schemaReady()
    } catch (error) {
      diagnostics.backgroundError('connect', error)
    }
  }
}
