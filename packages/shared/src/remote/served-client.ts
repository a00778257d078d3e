import type { Row } from '../driver/driver.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { Loads } from '../stores/cache/loads.js'
import type { Channel } from './channel.js'
import type { CircuitWatches } from './circuit-watches.js'
import { ClientFollowing } from './client-following.js'
import { ClientLoads } from './client-loads.js'
import { type AnsweredLock, ClientLocks } from './client-locks.js'
import { type AnswerTaker, ClientRequests, type SharedParts } from './client-requests.js'
import { type Command, CommandReader, type NoteCommand, type RequestCommand } from './commands.js'
import { countOf, Inbox } from './inbox.js'
import type { LockManagers } from './lock-managers.js'
import { Outgoing } from './outgoing.js'
import { isPacked, unpackedRow } from './packed-rows.js'
import { SHORT_UNITS, say, tell } from './protocol.js'
import { Reader } from './reader.js'
import type { ServedCall } from './served-call.js'
import type { ServedCalls } from './served-calls.js'
import type { StatementPool } from './statement-pool.js'
import { Unanswered } from './unanswered.js'

/** What users of one connection share. */
export interface ServedParts extends SharedParts {
  readonly statements: StatementPool
  readonly locks: LockManagers
  readonly watches: CircuitWatches
}

/** One user of the database, at its owner. */
export class ServedClient implements AnswerTaker {
  /** Whether it is a thread of this process. */
  readonly isThread: boolean
  readonly #parts: ServedParts
  readonly #atBye: () => void
  readonly #atReady: () => void
  readonly #out: Outgoing
  readonly #commands: CommandReader
  readonly #locks: ClientLocks
  readonly #loads: ClientLoads
  readonly #following: ClientFollowing
  readonly #requests: ClientRequests
  readonly #inbox: Inbox
  readonly #unanswered = new Unanswered()
  /** Requests of which some rows have been sent. */
  readonly #inPieces = new Map<number, RequestCommand>()
  /** Why nothing more is done for it. */
  #refusing: string | undefined
  #gone = false

  /**
   * @param atBye To be called when it says that it has sent its last.
   * @param atReady To be called when what has come may be begun.
   */
  constructor(channel: Channel, parts: ServedParts, atBye: () => void, atReady: () => void) {
    const { connection, statements, locks, watches } = parts
    this.isThread = channel.toThread
    this.#parts = parts
    this.#atBye = atBye
    this.#atReady = atReady
    this.#inbox = new Inbox(connection.clock)
    this.#out = new Outgoing(
      (message) => channel.send(message),
      (statement) => statements.isOwn(statement),
    )
    this.#commands = new CommandReader((statement) => statements.intern(statement))
    this.#locks = new ClientLocks(locks, (prefix, { key, token }, reason) =>
      this.#out.say(tell.lockLost, prefix, key, token, reason),
    )
    this.#loads = new ClientLoads(connection.shared(Loads), (...items) => this.#out.say(...items))
    this.#following = new ClientFollowing(connection, watches, (...items) => this.#out.say(...items))
    const own = { locks: this.#locks, loads: this.#loads, following: this.#following }
    this.#requests = new ClientRequests(parts, own, this)
  }

  /** Requests that came and are not answered. */
  get calls(): number {
    return this.#unanswered.calls
  }

  /** Locks in memory that it holds, some of which may have expired. */
  get locks(): number {
    return this.#locks.size
  }

  /** ms from the coming of the last message until all of it was handed to the database. */
  get lag(): number {
    return this.#inbox.lag
  }

  /** What has come and was not begun. */
  get waiting(): number {
    return this.#inbox.length
  }

  /** Whether something has come that may be begun. */
  get ready(): boolean {
    return this.#inbox.length > 0 && this.#room > 0
  }

  /** How many more may be begun. */
  get #room(): number {
    return this.#out.roomBeside(this.#unanswered.begun)
  }

  /** Takes a message, whole or not at all. @throws MalformedMessage also for more than a user may have under way. */
  receive(message: unknown): void {
    const commands = this.#commands.read(new Reader(message))
    for (const command of commands) if ('number' in command) this.#unanswered.enter(command)
    for (const command of commands) {
      // What waits before it may wait for it.
      if (command.word === say.taken) this.#out.taken()
      else if (this.#refusing !== undefined && 'number' in command) this.#decline(command, this.#refusing)
      else if (this.#inbox.length === 0 && this.#runsAtOnce(command)) this.#run(command)
      else this.#inbox.push(command)
    }
  }

  /** What shares no statement and no commit need not wait for others; who has left may say hello in its next message. */
  #runsAtOnce(command: Command): boolean {
    return command.word === say.bye || (isOfLock(command) && this.#room > 0)
  }

  /** Whether the next thing that came is a read of a store. */
  get readsNext(): boolean {
    const command = this.#inbox.next
    return command?.word === say.call && command.statement.kind === 'read'
  }

  /** Does the next thing that came; of calls that came together, `most` at the most. @returns how many it has done. */
  runNext(most: number): number {
    const command = this.#inbox.take(Math.min(most, this.#room))
    this.#run(command)
    return countOf(command)
  }

  #run(command: Command): void {
    if (!('number' in command)) this.#note(command)
    else if (this.#refusing === undefined || this.#parts.connection.usable) {
      this.#unanswered.begin(command)
      this.#requests.run(command)
    } else this.#decline(command, this.#refusing)
  }

  /** Sends what there is to be sent, at the end of a turn. */
  flush(): void {
    this.#out.flush()
  }

  say(...items: (string | number)[]): void {
    this.#out.say(...items)
  }

  /** Settles when all that has come is answered. */
  drain(): Promise<void> {
    return this.#unanswered.drain()
  }

  /** Refuses what comes from now on, and waits for no word of the user. */
  refuseLater(reason: string): void {
    this.#refusing = reason
    this.#out.sendInOneGo()
    for (const request of [...this.#inPieces.keys()]) this.#sendMore(request)
  }

  /** It has ended or is no longer served: nothing is sent to it any more. */
  leave(certain: boolean): void {
    if (!this.#gone) {
      this.#gone = true
      for (const command of this.#inbox.clear()) if ('number' in command) this.#unanswered.leave(command)
      for (const command of this.#inPieces.values()) this.#end(command)
      this.#inPieces.clear()
      this.#following.end()
      this.#loads.passOn()
    }
    // Of one that may be at work still, the locks last until their leases end.
    if (certain) this.#locks.giveBack()
  }

  answer(command: RequestCommand, given: Row | readonly Row[] | undefined): void {
    const statement = command.word === say.call ? command.statement : undefined
    if (this.#gone || this.#out.answer(command.number, given, statement)) this.#end(command)
    else this.#inPieces.set(command.number, command)
  }

  get answersShort(): boolean {
    return this.#out.usual <= SHORT_UNITS
  }

  answerTogether(calls: readonly ServedCall[], row: Row): void {
    const [first] = calls as [ServedCall]
    const { number, statement } = first
    const last = calls.at(-1) as ServedCall
    if (!isPacked(row)) {
      for (const call of calls) this.refuse(call, notPacked(call.name))
      return
    }
    if (this.#gone) {
      // Nobody is there to be told.
    } else if (last.number - number === calls.length - 1) {
      this.#out.answerTogether(number, calls.length, row, statement)
    } else {
      const rows = unpackedRow(row, calls.length)
      for (const [at, call] of calls.entries()) this.#out.answer(call.number, rows[at], statement)
    }
    for (const call of calls) this.#end(call)
  }

  answerJoined(calls: ServedCalls, row: Row | undefined): void {
    const { number, count, statement } = calls
    if (row !== undefined && !isPacked(row)) {
      this.refuse(calls, notPacked(calls.name))
      return
    }
    if (!this.#gone) {
      if (row === undefined) this.#out.answerNothing(number, count)
      else this.#out.answerTogether(number, count, row, statement)
    }
    this.#end(calls)
  }

  answerSteps(command: RequestCommand, steps: readonly (readonly Row[])[]): void {
    if (!this.#gone) this.#out.answerSteps(command.number, steps)
    this.#end(command)
  }

  answerLock(command: RequestCommand, answer: AnsweredLock): void {
    if (!this.#gone) this.#out.answerLock(command.number, answer)
    this.#end(command)
  }

  refuse(command: RequestCommand, error: unknown): void {
    if (!this.#gone) this.#out.refuse(command.number, error, countOf(command))
    this.#end(command)
  }

  /** What was not begun is not done. */
  #decline(command: RequestCommand, reason: string): void {
    const error = DisconnectedError.of(nameOf(command), 'none', reason)
    this.#out.refuse(command.number, error, countOf(command))
    this.#unanswered.leave(command)
  }

  #note(note: NoteCommand): void {
    switch (note.word) {
      case say.more:
        this.#sendMore(note.request)
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

  #sendMore(request: number): void {
    const command = this.#inPieces.get(request)
    if (command === undefined || !this.#out.more(request)) return
    this.#inPieces.delete(request)
    this.#end(command)
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

  /** It has all of its answer. */
  #end(command: RequestCommand): void {
    this.#unanswered.end(command)
    if (this.ready) this.#atReady()
  }
}

/** Of a statement that a user has declared. */
function notPacked(operation: string): PersistenceError {
  return new PersistenceError(
    'SQL',
    operation,
    `${operation}: the statement for many calls gives other columns than it has to`,
  )
}

function isOfLock({ word }: Command): boolean {
  return word >= say.acquire && word <= say.forceRelease
}

function nameOf(command: RequestCommand): string {
  if (command.word === say.call) return command.statement.name
  return command.word === say.query || command.word === say.atomic ? command.name : 'lock'
}
