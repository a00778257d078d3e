import type { Row, TakeRows } from '../driver/driver.js'
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
  /** Takes the first rows of the answer, which is without them then. Absent: all come with it. Must not throw. */
  readonly take?: TakeRows | undefined
  settle(answer: Answer): void
  /** @param unmet The step that gave another number of rows than it had to. */
  reject(error: unknown, unmet?: number): void
}
