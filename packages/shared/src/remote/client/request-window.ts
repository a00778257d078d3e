import type { Diagnostics } from '../../errors/diagnostics.js'
import { Backlog } from '../../queue/backlog.js'
import { ByNumber } from '../wire/by-number.js'
import { WINDOW } from '../wire/protocol.js'
import type { Request } from './request.js'

const SLOTS = 4_096

/** The pending requests: those that were sent, and those that wait until the owner accepts more. */
export class RequestWindow {
  #backlog: Backlog<Request>
  /** The requests that were sent, by number. */
  readonly #sent = new ByNumber<Request>(SLOTS)
  /** The approximate size in bytes of the requests that were sent. */
  #units = 0
  #last = 0

  constructor(diagnostics: Diagnostics) {
    this.#backlog = new Backlog(diagnostics)
  }

  /** Reports a long backlog to the diagnostics of another connection from now on. */
  use(diagnostics: Diagnostics): void {
    if (this.waiting === 0) this.#backlog = new Backlog(diagnostics)
  }

  /** The number of requests that were not sent. */
  get waiting(): number {
    return this.#backlog.length
  }

  get idle(): boolean {
    return this.#sent.size === 0 && this.waiting === 0
  }

  /** The number of the request that is sent next. */
  get next(): number {
    return this.#last + 1
  }

  /** Adds a request. @returns whether it is to be sent now; otherwise it waits. @throws PersistenceError `QUEUE_FULL`. */
  enter(request: Request): boolean {
    if (this.waiting === 0 && this.#hasRoom(request)) return true
    this.#backlog.push(request)
    return false
  }

  /** Counts a request that was written. */
  send(request: Request): void {
    this.#sent.add(++this.#last, request)
    this.#units += request.units
  }

  /** Returns a request that was sent. @throws Error when there is none with that number, or it was answered. */
  sent(number: number): Request {
    const request = this.#sent.get(number)
    if (request === undefined) throw new Error(`nothing waits for the answer ${number}`)
    return request
  }

  /** Removes the request that was answered. @returns it. @throws Error as {@link sent}. */
  answered(number: number): Request {
    const request = this.sent(number)
    this.#sent.remove(number)
    this.#units -= request.units
    return request
  }

  /** Removes the next waiting request if it may be sent now. @returns it. */
  takeNext(): Request | undefined {
    const next = this.#backlog.peek()
    return next !== undefined && this.#hasRoom(next) ? this.#backlog.take(1)[0] : undefined
  }

  /** Removes the requests that were sent, when nothing more will be. @returns them. */
  takeSent(): Request[] {
    return this.#sent.removeAll()
  }

  takeWaiting(): Request[] {
    return this.#backlog.take(this.waiting)
  }

  #hasRoom({ units }: Request): boolean {
    const { size } = this.#sent
    return size === 0 || (size < WINDOW.calls && this.#units + units <= WINDOW.units)
  }
}
