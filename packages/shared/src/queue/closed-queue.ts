import type { Row } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { SubmittedCall } from './call.js'
import type { OperationQueue } from './operation-queue.js'
import type { Statement } from './statement.js'

/** Replaces the queue of a connection that has ended: later calls must reach neither engine nor handle. */
export class ClosedQueue implements OperationQueue {
  readonly waiting = 0
  readonly idle = true
  groupWrites = false
  readOnly = false

  execute(statement: Statement): never {
    throw closedError(statement.name)
  }

  submit(call: SubmittedCall): void {
    call.reject(closedError(call.name))
  }

  atomic(name: string): Promise<Row[][]> {
    return Promise.reject(closedError(name))
  }

  query(name: string): Promise<Row[]> {
    return Promise.reject(closedError(name))
  }

  drain(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** Creates the error of an operation on a disconnected adapter. */
export function closedError(operation: string): PersistenceError {
  return new PersistenceError(
    'CLOSED',
    operation,
    `${operation}: the adapter is disconnected; make a new one to use the database again`,
  )
}
