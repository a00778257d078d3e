import type { Diagnostics } from '../../errors/diagnostics.js'
import { Backlog } from '../../queue/backlog.js'
import { ByNumber } from '../wire/by-number.js'
import { WINDOW } from '../wire/protocol.js'
import type { Request } from './request.js'

const PLACES = 4_096

/** The requests of a user: those that were sent and are not answered, and those that wait until the owner takes more. */
export class RequestWindow {
  #backlog: Backlog<Request>
  /** By number. */
  readonly #sent = new ByNumber<Request>(PLACES)
  /** About the bytes of what was sent. */
  #units = 0
  #last = 0

  constructor(diagnostics: Diagnostics) {
    this.#backlog = new Backlog(diagnostics)
  }

  /** Has another connection hear of a long backlog. */
  use(diagnostics: Diagnostics): void {
    if (this.waiting === 0) this.#backlog = new Backlog(diagnostics)
  }

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

  /** @returns whether it is to be sent now; else it waits. @throws PersistenceError `QUEUE_FULL`. */
  enter(request: Request): boolean {
    if (this.waiting === 0 && this.#hasRoom(request)) return true
    this.#backlog.push(request)
    return false
  }

  /** The request was written. */
  send(request: Request): void {
    this.#sent.add(++this.#last, request)
    this.#units += request.units
  }

  /** @throws Error when there is none, or it was answered. */
  sent(number: number): Request {
    const request = this.#sent.get(number)
    if (request === undefined) throw new Error(`nothing waits for the answer ${number}`)
    return request
  }

  /** The request that has its answer. @throws Error when there is none. */
  answered(number: number): Request {
    const request = this.sent(number)
    this.#sent.remove(number)
    this.#units -= request.units
    return request
  }

  /** The next one that waits, when it is to be sent now. */
  takeNext(): Request | undefined {
    const next = this.#backlog.peek()
    return next !== undefined && this.#hasRoom(next) ? this.#backlog.take(1)[0] : undefined
  }

  takeSent(): Request[] {
    this.#units = 0
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
