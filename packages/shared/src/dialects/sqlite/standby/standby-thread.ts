import { errorOf } from '../../../errors/error-form.js'
import { messageOf } from '../../../errors/is-error.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { EngineThread } from '../thread/engine-thread.js'
import { failureIn } from '../thread/typed-error.js'
import type { StartWorker } from '../thread/worker.js'
import type { CallName, Calls, FollowEvent, FollowInput } from './messages.js'
import { BEFORE_THE_FIRST_COPY, type StandbyState } from './standby-state.js'

interface Pending {
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** The calls of the app. A read is named by its queue. */
const OPERATIONS: Readonly<Record<CallName, string>> = {
  query: 'standby',
  reach: 'standby.waitFor',
  verify: 'standby.verify',
  takeOver: 'standby.takeOver',
}

/** Controls the thread of a standby. */
export class StandbyThread {
  readonly engine: string
  /** The state from its last report. */
  state: StandbyState = BEFORE_THE_FIRST_COPY
  /** Settles when the standby is readable. @throws PersistenceError the reason why it cannot follow. */
  readonly begun: Promise<void>
  /** Settles when the thread has closed everything and ended. @throws PersistenceError an error of ending. */
  readonly ended: Promise<void>
  readonly #thread: EngineThread<FollowEvent, undefined>
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #over = false

  /** @throws PersistenceError `ENGINE_MISSING`. */
  constructor(startWorker: StartWorker, engine: string, input: FollowInput) {
    this.engine = engine
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    this.#thread = new EngineThread(startWorker, { engine, job: 'standby.follow', input }, (event: FollowEvent) => {
      if ('state' in event) this.state = event.state
      else if ('begun' in event) begin()
      else this.#settle(event)
    })
    this.ended = this.#end()
    this.begun = Promise.race([begun, this.ended])
    // The caller of `stop` receives the error; until then, pending calls do.
    this.ended.catch(() => undefined)
    this.begun.catch(() => undefined)
  }

  /** Sends a request to the thread. @throws PersistenceError the error in its answer, or that the thread has ended. */
  request<Name extends CallName>(call: Name, input: Calls[Name]['input']): Promise<Calls[Name]['answer']> {
    const operation = OPERATIONS[call]
    if (this.#over) return Promise.reject(failureIn(endedError(this.state), operation))
    const id = ++this.#lastId
    const answer = new Promise((resolve, reject) =>
      this.#pending.set(id, { resolve, reject: (error) => reject(failureIn(error, operation)) }),
    )
    this.#thread.send({ id, call, input })
    return answer as Promise<Calls[Name]['answer']>
  }

  /** Stops following. */
  stop(): Promise<void> {
    this.#thread.stop()
    return this.ended
  }

  #settle(event: Extract<FollowEvent, { id: number }>): void {
    const pending = this.#pending.get(event.id)
    this.#pending.delete(event.id)
    if ('error' in event) pending?.reject(errorOf(event.error))
    else pending?.resolve(event.answer)
  }

  async #end(): Promise<void> {
    try {
      await this.#thread.result
    } catch (error) {
      const reason = messageOf(error)
      this.state = { ...this.state, state: 'stopped', reason, behind: undefined }
      throw error
    } finally {
      await this.#thread.gone
      this.#over = true
      for (const { reject } of this.#pending.values()) reject(endedError(this.state))
      this.#pending.clear()
    }
  }
}

function endedError({ reason }: StandbyState): PersistenceError {
  return new PersistenceError('CLOSED', 'standby', `standby: it has ended (${reason ?? 'it was stopped'}); follow anew`)
}
