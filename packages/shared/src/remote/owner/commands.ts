import { canJoin } from '../../queue/joined-calls.js'
import type { Announcement, BoundTime, Parameters, Statement } from '../../queue/statement.js'
import { lockUnits, say, unitsOf, WINDOW } from '../wire/protocol.js'
import { MalformedMessage, type Reader } from '../wire/reader.js'
import { readError } from '../wire/wire-error.js'
import { readAnnouncement, readStatement, TIMES } from '../wire/wire-statement.js'
import { ServedCall, ServedCalls } from './served-call.js'

// Fewer share a statement with those of other users and of the owner: one of their own would cost more than it saves.
const WORTH_JOINING = 32

/** A step of an atomic batch that has crossed: what its owner makes of an unmet expectation stays where it came from. */
export interface WireStep {
  readonly sql: string
  readonly parameters: Parameters
  readonly clocked: BoundTime
  readonly expect: number | undefined
  readonly announces: Announcement | undefined
}

interface Single {
  /** Of {@link ServedCalls}. */
  readonly count?: number
}

interface Numbered extends Single {
  /** Of the request. */
  readonly number: number
  /** About the bytes of it. */
  readonly units: number
}

/** What is to be answered. */
export type RequestCommand =
  | ServedCall
  | ServedCalls
  | (Numbered &
      (
        | {
            readonly word: typeof say.query
            readonly name: string
            readonly sql: string
            readonly parameters: Parameters
          }
        | { readonly word: typeof say.atomic; readonly name: string; readonly steps: readonly WireStep[] }
      ))
  | LockCommand

export type LockCommand = Numbered &
  (
    | {
        readonly word: typeof say.acquire
        readonly prefix: string
        readonly key: string
        readonly ttl: number
        readonly owner: string | undefined
      }
    | { readonly word: typeof say.isHeld | typeof say.release; readonly token: number }
    | { readonly word: typeof say.extend; readonly token: number; readonly ttl: number }
    | {
        readonly word: typeof say.extendOwned
        readonly prefix: string
        readonly key: string
        readonly owner: string
        readonly ttl: number
      }
    | { readonly word: typeof say.forceRelease; readonly prefix: string; readonly key: string }
  )

/** What gets no answer of its own. */
export type NoteCommand = Single & Note

type Note =
  | {
      readonly word: typeof say.followCircuit | typeof say.leaveCircuit | typeof say.followClaim | typeof say.leaveClaim
      readonly key: string
    }
  | {
      readonly word: typeof say.enterLoad
      readonly wait: number
      readonly entry: string
      readonly key: string
      readonly inside: number
    }
  | { readonly word: typeof say.loaded; readonly wait: number; readonly text: string }
  | { readonly word: typeof say.loadFailed; readonly wait: number; readonly error: Error }
  | { readonly word: typeof say.loadPassedOn; readonly wait: number }
  | { readonly word: typeof say.watchCircuit; readonly key: string; readonly interval: number }
  | { readonly word: typeof say.more; readonly request: number }
  | { readonly word: typeof say.bye | typeof say.settle | typeof say.taken }

export type Command = RequestCommand | NoteCommand

/** How many things it is: calls that were sent together are several. */
export function countOf({ count = 1 }: Command): number {
  return count
}

/** Reads what one user says. A message is read to its end before any of it is done. */
export class CommandReader {
  /** By the number that the user has given to each. */
  readonly #statements = new Map<number, Statement>()
  readonly #intern: (statement: Statement) => Statement
  #requests = 0
  /** The requests that came before the message. */
  #before = 0

  /** @param intern Gives the one statement of a content. */
  constructor(intern: (statement: Statement) => Statement) {
    this.#intern = intern
  }

  /** @throws MalformedMessage */
  read(reader: Reader): Command[] {
    const commands: Command[] = []
    this.#before = this.#requests
    let guard: number | undefined
    while (reader.more) {
      const word = reader.count()
      if (word === say.declare) this.#statements.set(reader.count(), this.#intern(readStatement(reader)))
      else if (word === say.guard) guard = reader.count()
      else if (word === say.call) {
        this.#readCalls(commands, reader, guard)
        guard = undefined
      } else commands.push(this.#command(word, reader))
    }
    return commands
  }

  #readCalls(commands: Command[], reader: Reader, guard: number | undefined): void {
    const statement = this.#statements.get(reader.count())
    if (statement === undefined) throw new MalformedMessage('a statement was not declared')
    const [length, calls] = [reader.count(), reader.count()]
    // Before there is an object for each: calls without parameters take no place in the message.
    if (this.#requests - this.#before + calls > WINDOW.calls) {
      throw new MalformedMessage('more calls than a user may have under way')
    }
    if (guard === undefined && calls >= WORTH_JOINING && canJoin(statement, length)) {
      commands.push(new ServedCalls(this.#requests + 1, calls, statement, reader.valuesOf(length * calls)))
      this.#requests += calls
      return
    }
    for (let left = calls; left > 0; left--) {
      commands.push(new ServedCall(++this.#requests, statement, reader.valuesOf(length), guard))
    }
  }

  #command(word: number, reader: Reader): Command {
    switch (word) {
      case say.query: {
        const [name, sql, parameters] = [reader.text(), reader.text(), reader.values()]
        return { word, number: ++this.#requests, units: sql.length + unitsOf(parameters), name, sql, parameters }
      }
      case say.atomic: {
        const name = reader.text()
        const steps: WireStep[] = []
        // Ends where the message does, whatever number it gives.
        for (let left = reader.count(); left > 0; left--) steps.push(readStep(reader))
        const units = steps.reduce((sum, { sql, parameters }) => sum + sql.length + unitsOf(parameters), 0)
        return { word, number: ++this.#requests, units, name, steps }
      }
      default: {
        const lock = readLock(word, reader, this.#requests + 1)
        if (lock === undefined) return readNote(word, reader)
        this.#requests++
        return lock
      }
    }
  }
}

function readStep(reader: Reader): WireStep {
  const sql = reader.text()
  const clocked = reader.oneOf(TIMES)
  const expect = reader.numberOrNull() ?? undefined
  const announces = readAnnouncement(reader.textOrNull())
  return { sql, clocked, expect, announces, parameters: reader.values() }
}

function readLock(word: number, reader: Reader, number: number): LockCommand | undefined {
  switch (word) {
    case say.acquire: {
      const prefix = reader.text()
      const key = reader.text()
      const ttl = readTtl(reader)
      const owner = reader.textOrNull() ?? undefined
      return { word, number, units: lockUnits(prefix, key, owner), prefix, key, ttl, owner }
    }
    case say.isHeld:
    case say.release:
      return { word, number, units: lockUnits(), token: reader.count() }
    case say.extend:
      return { word, number, units: lockUnits(), token: reader.count(), ttl: readTtl(reader) }
    case say.extendOwned: {
      const [prefix, key, owner] = [reader.text(), reader.text(), reader.text()]
      return { word, number, units: lockUnits(prefix, key, owner), prefix, key, owner, ttl: readTtl(reader) }
    }
    case say.forceRelease: {
      const [prefix, key] = [reader.text(), reader.text()]
      return { word, number, units: lockUnits(prefix, key), prefix, key }
    }
    default:
      return undefined
  }
}

function readTtl(reader: Reader): number {
  return readDuration(reader, 'a time to live')
}

function readDuration(reader: Reader, what: string): number {
  const ms = reader.number()
  if (ms > 0) return ms
  throw new MalformedMessage(`${what} is not positive`)
}

function readNote(word: number, reader: Reader): NoteCommand {
  switch (word) {
    case say.followCircuit:
    case say.leaveCircuit:
    case say.followClaim:
    case say.leaveClaim:
      return { word, key: reader.text() }
    case say.watchCircuit:
      return { word, key: reader.text(), interval: readDuration(reader, 'an interval') }
    case say.enterLoad: {
      const [wait, entry, key] = [reader.count(), reader.text(), reader.text()]
      return { word, wait, entry, key, inside: reader.count() }
    }
    case say.loaded:
      return { word, wait: reader.count(), text: reader.text() }
    case say.loadFailed:
      return { word, wait: reader.count(), error: readError(reader.text()).error }
    case say.loadPassedOn:
      return { word, wait: reader.count() }
    case say.more:
      return { word, request: reader.count() }
    case say.bye:
    case say.settle:
    case say.taken:
      return { word }
    default:
      throw new MalformedMessage(`there is no word ${word}`)
  }
}
