import type { Row } from '../driver/driver.js'
import { keepSettlers, rejectLast, resolveLast } from '../queue/settlers.js'
import type { Item } from './protocol.js'

/** A lock that was granted. */
export class Granted {
  readonly token: number
  /** ms that are left of the lease. */
  readonly left: number

  constructor(token: number, left: number) {
    this.token = token
    this.left = left
  }
}

/** What the owner answers: nothing, a row, rows, the rows of each step, a number, or a lock. */
export type Answer = Row | readonly Row[] | readonly (readonly Row[])[] | number | Granted | undefined

/** What waits to be sent to the owner of the database, or for its answer. */
export interface Request {
  /** Of the operation, for errors. */
  readonly name: string
  /** Whether it may change something. */
  readonly writes: boolean
  /** Whether a caller awaits it. */
  readonly awaited: boolean
  /** About the bytes of it. */
  readonly units: number
  write(out: Item[]): void
  settle(answer: Answer): void
  /** @param unmet The step that gave another number of rows than it had to. */
  reject(error: unknown, unmet?: number): void
}

/** A request that a promise stands for. */
export abstract class PromisedRequest<Result> implements Request {
  abstract readonly name: string
  abstract readonly writes: boolean
  abstract readonly awaited: boolean
  readonly units: number
  readonly promise: Promise<Result>
  protected readonly resolve: (result: Result) => void
  protected readonly fail: (error: unknown) => void

  constructor(units: number) {
    this.units = units
    this.promise = new Promise(keepSettlers)
    this.resolve = resolveLast
    this.fail = rejectLast
  }

  abstract write(out: Item[]): void
  abstract settle(answer: Answer): void

  reject(error: unknown): void {
    this.fail(error)
  }
}
