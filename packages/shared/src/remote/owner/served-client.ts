import type { Statement } from '../../queue/statement.js'
import type { Channel } from '../wire/channel.js'
import { Outgoing } from '../wire/outgoing.js'
import { type Item, say, tell } from '../wire/protocol.js'
import { Reader } from '../wire/reader.js'
import type { CircuitWatches } from './circuit-watches.js'
import { ClientAnswers } from './client-answers.js'
import { ClientFollowing } from './client-following.js'
import { ClientLoads } from './client-loads.js'
import { ClientLocks } from './client-locks.js'
import { ClientRequests, type SharedParts } from './client-requests.js'
import { type Command, CommandReader, countOf, type NoteCommand } from './commands.js'
import { Inbox } from './inbox.js'
import type { LockManagers } from './lock-managers.js'
import type { StatementPool } from './statement-pool.js'

/** What users of one connection share. */
export interface ServedParts extends SharedParts {
  readonly statements: StatementPool
  readonly locks: LockManagers
  readonly watches: CircuitWatches
}

/** One user of the database, at its owner: takes what it says, has it done in its turn, and ends when the user does. */
export class ServedClient {
  readonly #parts: ServedParts
  readonly #atBye: () => void
  readonly #commands: CommandReader
  readonly #inbox: Inbox
  readonly #out: Outgoing
  readonly #answers: ClientAnswers
  readonly #locks: ClientLocks
  readonly #loads: ClientLoads
  readonly #following: ClientFollowing
  readonly #requests: ClientRequests
  /** Why nothing more is done for it. */
  #refusing: string | undefined
  #left = false
  /** Whether it has said `bye`. */
  leaving = false

  /**
   * @param atBye To be called when it says that it has sent its last.
   * @param atReady To be called when what has come may be begun.
   */
  constructor(channel: Pick<Channel, 'send'>, parts: ServedParts, atBye: () => void, atReady: () => void) {
    const { connection, statements, locks, watches } = parts
    this.#parts = parts
    this.#atBye = atBye
    this.#commands = new CommandReader((statement) => statements.intern(statement))
    this.#inbox = new Inbox(connection.clock)
    const isOwn = (statement: Statement): boolean => statements.isOwn(statement)
    this.#out = new Outgoing((message) => channel.send(message), isOwn)
    this.#answers = new ClientAnswers(this.#out, isOwn, () => {
      if (this.ready) atReady()
    })
    const tellUser = (...items: Item[]): void => this.#out.say(...items)
    this.#locks = new ClientLocks(locks, (prefix, { key, token }, reason) =>
      tellUser(tell.lockLost, prefix, key, token, reason),
    )
    this.#loads = new ClientLoads(connection, tellUser)
    this.#following = new ClientFollowing(connection, watches, tellUser)
    const own = { locks: this.#locks, loads: this.#loads, following: this.#following }
    this.#requests = new ClientRequests(parts, own, this.#answers)
  }

  /** Requests that came and are not answered. */
  get calls(): number {
    return this.#answers.calls
  }

  /** Locks in memory that it holds, some of which may have expired. */
  get locks(): number {
    return this.#locks.size
  }

  /** Whether it holds a lock, or may be granted one by what is under way. */
  get mayHoldLocks(): boolean {
    return this.locks > 0 || this.calls > 0
  }

  /** ms from the coming of the last message until all of it was handed to the database. */
  get lag(): number {
    return this.#inbox.lag
  }

  /** Whether something has come that may be begun. */
  get ready(): boolean {
    return this.#inbox.length > 0 && this.#answers.room > 0
  }

  /** Takes a message, whole or not at all. @throws MalformedMessage also for more than a user may have under way. */
  receive(message: unknown): void {
    const commands = this.#commands.read(new Reader(message))
    for (const command of commands) if ('number' in command) this.#answers.enter(command)
    for (const command of commands) {
      // What waits before it may wait for it.
      if (command.word === say.taken) this.#out.taken()
      else if (command.word === say.bye) this.#takeBye(command)
      else if (this.#refusing !== undefined && 'number' in command) this.#answers.decline(command, this.#refusing)
      else if (this.#inbox.length === 0 && this.#runsAtOnce(command)) this.#run(command)
      else this.#inbox.push(command)
    }
  }

  /** One that could not read an answer reads no other, and has taken none: for its word nothing waits any more. */
  #takeBye(bye: Command): void {
    this.leaving = true
    this.#answers.sendInOneGo()
    if (this.#inbox.length === 0) this.#run(bye)
    else this.#inbox.push(bye)
  }

  /** Does the next thing that came; of calls that came together, `most` at the most. @returns how many it has done. */
  runNext(most: number): number {
    const command = this.#inbox.take(Math.min(most, this.#answers.room))
    this.#run(command)
    return countOf(command)
  }

  /** Sends what there is to be sent, at the end of a turn. */
  flush(): void {
    this.#out.flush()
  }

  say(...items: Item[]): void {
    this.#out.say(...items)
  }

  /** Settles when all that has come is answered. */
  drain(): Promise<void> {
    return this.#answers.drain()
  }

  /** Refuses what comes from now on, and waits for no word of the user. */
  refuseLater(reason: string): void {
    this.#refusing = reason
    this.#answers.sendInOneGo()
  }

  /**
   * Nothing more is done for it or sent to it.
   *
   * @param certain Whether it goes by no lock any more. Of one that may be at work still, locks last until their leases end.
   */
  leave(certain: boolean): void {
    if (!this.#left) {
      this.#left = true
      for (const command of this.#inbox.clear()) if ('number' in command) this.#answers.drop(command)
      this.#answers.leave()
      this.#following.end()
      this.#loads.passOn()
    }
    if (certain) this.#locks.giveBack()
  }

  /** What shares no statement and no commit need not wait for others. */
  #runsAtOnce({ word }: Command): boolean {
    return word >= say.acquire && word <= say.forceRelease && this.#answers.room > 0
  }

  #run(command: Command): void {
    if (!('number' in command)) this.#note(command)
    else if (this.#refusing === undefined || this.#parts.connection.usable) {
      this.#answers.begin(command)
      this.#requests.run(command)
    } else this.#answers.decline(command, this.#refusing)
  }

  #note(note: NoteCommand): void {
    switch (note.word) {
      case say.more:
        this.#answers.more(note.request)
        break
      case say.bye:
        this.#atBye()
        break
      case say.taken:
        // Told as it came.
        break
      case say.settle:
        void this.#settlePlace()
        break
      case say.enterLoad:
      case say.loaded:
      case say.loadFailed:
      case say.loadPassedOn:
        this.#loads.run(note)
        break
      default:
        this.#following.run(note)
    }
  }

  async #settlePlace(): Promise<void> {
    const { clock, place, diagnostics } = this.#parts.connection
    // As a session does that connects: from here on, the time of the leases follows every change of the wall clock.
    clock.lease.now()
    try {
      await place.settle()
    } catch (error) {
      diagnostics.backgroundError('connect', error)
    }
  }
}
