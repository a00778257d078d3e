import { errorForm } from '../../../errors/error-form.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { systemClock } from '../../../time/clock.js'
import type { Ending } from './ending.js'
import type { Follower, FollowerParts } from './follower.js'
import type { FollowerState } from './follower-state.js'
import type { CallName, Calls, FollowEvent, Request } from './messages.js'

type Answers = { [Name in CallName]: (input: Calls[Name]['input']) => Promise<Calls[Name]['answer']> }

/**
 * Receives the requests to the thread of a standby and answers them between rounds, so that a half-applied round is never read.
 */
export class StandbyRequests {
  readonly #answers: Omit<Answers, 'reach'>
  readonly #follower: Follower
  readonly #state: FollowerState
  readonly #send: (event: FollowEvent) => void
  #requests: Request[] = []
  /** Calls that wait until the standby has reached a position. */
  #waiting: { readonly id: number; readonly position: number }[] = []
  #wake: () => void = () => undefined

  /** @param handOver Called when the standby has taken over. Its result is the answer to that request. */
  constructor(
    { standby, state }: FollowerParts,
    follower: Follower,
    ending: Ending,
    send: (event: FollowEvent) => void,
    handOver: () => Promise<string | undefined>,
  ) {
    this.#follower = follower
    this.#state = state
    this.#send = send
    this.#answers = {
      query: ({ sql, parameters }) => standby.query(sql, parameters),
      verify: () => follower.verify(),
      takeOver: async ({ force }) => {
        await ending.takeOver(force)
        return handOver()
      },
    }
  }

  /** @param message A {@link Request}, or `undefined` to check whether the thread is to stop. */
  receive(message: unknown): void {
    if (message !== undefined) this.#requests.push(message as Request)
    this.#wake()
  }

  async answerAll(): Promise<void> {
    for (const request of this.#requests.splice(0)) {
      try {
        if (request.call === 'reach') await this.#reach(request.id, request.input.position)
        else this.#send({ id: request.id, answer: await this.#answers[request.call](request.input as never) })
      } catch (error) {
        this.#send({ id: request.id, error: errorForm(error) })
      }
    }
    this.#answerReached()
  }

  /** Settles after `ms`, or earlier when there is a request to answer. */
  async waitForWork(ms: number): Promise<void> {
    if (this.#requests.length > 0) return
    await new Promise<void>((resolve) => {
      const cancel = systemClock.setTimer(resolve, ms, { keepAlive: true })
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = () => undefined
  }

  async #reach(id: number, wanted: number | undefined): Promise<void> {
    const failure = this.#state.going ? await this.#follower.round() : undefined
    // After the round, which recreates a removed log. If it could not open the source, its error says why.
    const head = () => this.#follower.head().catch((error) => Promise.reject(failure ?? error))
    const position = wanted ?? (this.#state.going ? await head() : Number.POSITIVE_INFINITY)
    this.#waiting.push({ id, position })
    if (this.#state.going && position > (this.#state.current.position ?? 0)) await this.#follower.round()
  }

  #answerReached(): void {
    const { going, current } = this.#state
    const reached = current.position ?? Number.NEGATIVE_INFINITY
    this.#waiting = this.#waiting.filter(({ id, position }) => {
      if (reached >= position) this.#send({ id, answer: reached })
      else if (!going || current.state === 'waiting') this.#send({ id, error: errorForm(this.#notReached()) })
      else return true
      return false
    })
  }

  #notReached(): PersistenceError {
    const { waitsFor, going, current } = this.#state
    const { state, reason } = current
    const [code, when] =
      going && waitsFor !== undefined
        ? ([waitsFor, 'for now'] as const)
        : ([state === 'diverged' ? 'DIVERGED' : 'NOT_FOLLOWING', 'any more'] as const)
    return new PersistenceError(
      code,
      'standby.waitFor',
      `standby.waitFor: changes do not come ${when}, the standby is ${state} (${reason})`,
    )
  }
}
