import type { Connection } from '../../connection/connection.js'
import type { Row } from '../../driver/driver.js'
import type { Call } from '../../queue/call.js'
import type { Announcement, Parameters, Step } from '../../queue/statement.js'
import { clientOp, SHORT_UNITS } from '../wire/protocol.js'
import { UnmetStep } from '../wire/wire-error.js'
import type { Announcer } from './announcer.js'
import type { ClientAnswers } from './client-answers.js'
import type { ClientLoads } from './client-loads.js'
import type { ClientLocks } from './client-locks.js'
import type { ClientSubscriptions } from './client-subscriptions.js'
import type { RequestCommand } from './commands.js'
import { type CallTaker, type ServedCall, ServedCalls } from './served-call.js'

/** What the requests of all clients of one connection share. */
export interface SharedParts {
  readonly connection: Connection
  readonly announcer: Announcer
}

/** The state of one client. */
export interface ClientState {
  readonly locks: ClientLocks
  readonly loads: ClientLoads
  readonly subscriptions: ClientSubscriptions
}

type AtomicCommand = Extract<RequestCommand, { readonly op: typeof clientOp.atomic }>

/** Runs the requests of one client through the queue of the owner. */
export class ClientRequests implements CallTaker {
  readonly #shared: SharedParts
  readonly #own: ClientState
  readonly #answers: ClientAnswers

  constructor(shared: SharedParts, own: ClientState, answers: ClientAnswers) {
    this.#shared = shared
    this.#own = own
    this.#answers = answers
  }

  run(command: RequestCommand): void {
    const { connection } = this.#shared
    try {
      // `open` rejects with the reason.
      if (!connection.usable) connection.open().catch((error: unknown) => this.#answers.refuse(command, error))
      else if (command instanceof ServedCalls) this.#calls(command)
      else if (command.op === clientOp.call) this.#call(command)
      else if (command.op === clientOp.atomic) this.#atomic(command)
      else if (command.op === clientOp.query) {
        const rows = connection.queue.query(command.name, command.sql, command.parameters)
        void this.#settle(command, rows, (given) => this.#answers.answer(command, given))
      } else {
        const answer = this.#own.locks.run(command)
        if (!(answer instanceof Promise)) this.#answers.answerLock(command, answer)
        else void this.#settle(command, answer, (settled) => this.#answers.answerLock(command, settled))
      }
    } catch (error) {
      this.#answers.refuse(command, error)
    }
  }

  answered(call: ServedCall, given: Row | readonly Row[] | undefined): void {
    this.#answers.answer(call, given)
    const { announces, rows } = call.statement
    // Changes of entries are announced before the call: see #call.
    if (announces === undefined || 'table' in announces || (rows === 'one' && given === undefined)) return
    this.#announce(announces, call.parameters, given as Row | undefined)
  }

  get wantsPacked(): boolean {
    return this.#answers.areShort
  }

  /** Called only for statements that announce nothing. */
  takePacked(calls: readonly Call[], row: Row): void {
    this.#answers.answerTogether(calls as readonly ServedCall[], row)
  }

  answeredJoined(calls: ServedCalls, row: Row | undefined): void {
    this.#answers.answerJoined(calls, row)
    const { announces } = calls.statement
    if (announces === undefined || 'table' in announces) return
    for (const parameters of calls.each()) this.#announce(announces, parameters, undefined)
  }

  refused(call: ServedCall | ServedCalls, error: unknown): void {
    this.#answers.refuse(call, error)
  }

  #call(call: ServedCall): void {
    const { connection, announcer } = this.#shared
    const { guard, statement, parameters } = call
    const load = guard === undefined ? undefined : this.#own.loads.loadOf(guard)
    if (guard !== undefined && (load === undefined || load.overtaken)) {
      this.#answers.answer(call, undefined)
      return
    }
    if (statement.announces !== undefined) announcer.sending(statement.announces, parameters)
    call.taker = this
    if (load?.turn === undefined) connection.queue.submit(call)
    else load.turn.store(() => connection.queue.submit(call))
  }

  #calls(calls: ServedCalls): void {
    if (!this.#joins(calls)) {
      for (const call of calls.apart()) this.#call(call)
      return
    }
    const { connection, announcer } = this.#shared
    const { announces } = calls.statement
    if (announces !== undefined && announcer.listens(announces)) {
      for (const parameters of calls.each()) announcer.sending(announces, parameters)
    }
    calls.taker = this
    connection.queue.submit(calls)
  }

  /**
   * Whether calls that were sent together run as one. Long answers cost more as JSON than as separate rows. Joined calls
   * cannot be interrupted, so long values would block the event loop.
   */
  #joins({ units, count, statement }: ServedCalls): boolean {
    return units <= SHORT_UNITS * count && (statement.rows === 'none' || this.#answers.areShort)
  }

  #atomic(command: AtomicCommand): void {
    const { name, steps } = command
    const batch = steps.map(({ sql, parameters, clocked, expect, announces }, at): Step => {
      const unmet = (): UnmetStep => new UnmetStep(name, at, `${name}: step ${at + 1} gave other rows than expected`)
      return {
        sql,
        parameters,
        clocked,
        ...(announces && { announces }),
        ...(expect !== undefined && { expect, unmet }),
      }
    })
    void this.#settle(command, this.#shared.connection.queue.atomic(name, batch), (rows) => {
      this.#answers.answerSteps(command, rows)
      for (const { announces, parameters } of steps) {
        if (announces !== undefined) this.#announce(announces, parameters, undefined)
      }
    })
  }

  /** Reports errors to the diagnostics: the request has been answered, so no caller awaits this. */
  #announce(announces: Announcement, parameters: Parameters, row: Row | undefined): void {
    const { announcer, connection } = this.#shared
    try {
      this.#own.subscriptions.announceToOthers(() => announcer.answered(announces, parameters, row))
    } catch (error) {
      connection.diagnostics.backgroundError('circuitBreaker.subscribe', error)
    }
  }

  async #settle<Given>(command: RequestCommand, asked: Promise<Given>, answer: (given: Given) => void): Promise<void> {
    let given: Given
    try {
      given = await asked
    } catch (error) {
      this.#answers.refuse(command, error)
      return
    }
    answer(given)
  }
}
