import { canJoin } from '../../queue/joined-calls.js'
import type { Statement } from '../../queue/statement.js'
import { clientOp, lockUnits, unitsOf, WINDOW } from '../wire/protocol.js'
import { MalformedMessage, type Reader } from '../wire/reader.js'
import { readError } from '../wire/wire-error.js'
import { readAnnouncement, readStatement, TIMES } from '../wire/wire-statement.js'
import type { Command, LockCommand, Notification, WireStep } from './commands.js'
import { ServedCall, ServedCalls } from './served-call.js'

// Fewer calls share a statement with those of other clients and of the owner: a statement of their own would cost more than it saves.
const WORTH_JOINING = 32

/** Reads the messages of one client. A message is read to its end before any of it is run. */
export class CommandReader {
  /** By the number that the client gave to each. */
  readonly #statements = new Map<number, Statement>()
  readonly #intern: (statement: Statement) => Statement
  #requests = 0
  /** The number of requests before the current message. */
  #before = 0

  /** @param intern Returns the one statement object with the same content. */
  constructor(intern: (statement: Statement) => Statement) {
    this.#intern = intern
  }

  /** @throws MalformedMessage */
  read(reader: Reader): Command[] {
    const commands: Command[] = []
    this.#before = this.#requests
    let guard: number | undefined
    while (reader.more) {
      const op = reader.count()
      if (op === clientOp.declare) this.#statements.set(reader.count(), this.#intern(readStatement(reader)))
      else if (op === clientOp.guard) guard = reader.count()
      else if (op === clientOp.call) {
        this.#readCalls(commands, reader, guard)
        guard = undefined
      } else commands.push(this.#command(op, reader))
    }
    return commands
  }

  #readCalls(commands: Command[], reader: Reader, guard: number | undefined): void {
    const statement = this.#statements.get(reader.count())
    if (statement === undefined) throw new MalformedMessage('a statement was not declared')
    const [length, calls] = [reader.count(), reader.count()]
    // Checked before an object is made for each call: calls without parameters take no space in the message.
    if (this.#requests - this.#before + calls > WINDOW.calls) {
      throw new MalformedMessage('more is pending than a client may have')
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

  #command(op: number, reader: Reader): Command {
    switch (op) {
      case clientOp.query: {
        const [name, sql, parameters] = [reader.text(), reader.text(), reader.values()]
        return { op, number: ++this.#requests, units: sql.length + unitsOf(parameters), name, sql, parameters }
      }
      case clientOp.atomic: {
        const name = reader.text()
        const steps: WireStep[] = []
        // Ends with the message at the latest, whatever number it gives.
        for (let left = reader.count(); left > 0; left--) steps.push(readStep(reader))
        const units = steps.reduce((sum, { sql, parameters }) => sum + sql.length + unitsOf(parameters), 0)
        return { op, number: ++this.#requests, units, name, steps }
      }
      default: {
        const lock = readLock(op, reader, this.#requests + 1)
        if (lock === undefined) return readNotification(op, reader)
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

function readLock(op: number, reader: Reader, number: number): LockCommand | undefined {
  switch (op) {
    case clientOp.acquire: {
      const prefix = reader.text()
      const key = reader.text()
      const ttl = readDuration(reader)
      const owner = reader.textOrNull() ?? undefined
      return { op, number, units: lockUnits(prefix, key, owner), prefix, key, ttl, owner }
    }
    case clientOp.isHeld:
    case clientOp.release:
      return { op, number, units: lockUnits(), token: reader.count() }
    case clientOp.extend:
      return { op, number, units: lockUnits(), token: reader.count(), ttl: readDuration(reader) }
    case clientOp.extendOwned: {
      const [prefix, key, owner] = [reader.text(), reader.text(), reader.text()]
      return { op, number, units: lockUnits(prefix, key, owner), prefix, key, owner, ttl: readDuration(reader) }
    }
    case clientOp.forceRelease: {
      const [prefix, key] = [reader.text(), reader.text()]
      return { op, number, units: lockUnits(prefix, key), prefix, key }
    }
    default:
      return undefined
  }
}

function readDuration(reader: Reader): number {
  const ms = reader.number()
  if (ms > 0) return ms
  throw new MalformedMessage('a duration is malformed')
}

function readNotification(op: number, reader: Reader): Notification {
  switch (op) {
    case clientOp.followCircuit:
    case clientOp.leaveCircuit:
    case clientOp.followClaim:
    case clientOp.leaveClaim:
      return { op, key: reader.text() }
    case clientOp.watchCircuit:
      return { op, key: reader.text(), interval: readDuration(reader) }
    case clientOp.waitInLoad:
      return { op, wait: reader.count(), load: reader.count(), inside: reader.count() }
    case clientOp.enterLoad: {
      const [wait, entry, key] = [reader.count(), reader.text(), reader.text()]
      return { op, wait, entry, key, inside: reader.count() }
    }
    case clientOp.loaded:
      return { op, wait: reader.count(), text: reader.text() }
    case clientOp.loadFailed:
      return { op, wait: reader.count(), error: readError(reader.text()).error }
    case clientOp.loadPassedOn:
    case clientOp.giveUpWait:
      return { op, wait: reader.count() }
    case clientOp.more:
      return { op, request: reader.count() }
    case clientOp.bye:
    case clientOp.schemaReady:
    case clientOp.taken:
      return { op }
    default:
      throw new MalformedMessage(`unknown operation ${op}`)
  }
}
