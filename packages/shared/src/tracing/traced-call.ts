import { phaseChannel } from './channels.js'
import type { TracedDatabase } from './traced-database.js'

/**
 * One call of a store: the message of `tracing:go-go-scope.persistence.call`. All events of a call share this object. It contains
 * neither keys nor values.
 */
export interface TracedCall {
  /** The name used in errors, for example `cache.get`. */
  readonly operation: string
  readonly kind: 'read' | 'write'
  readonly database: TracedDatabase
  /** Whether the call is background work, for example a sweep. */
  readonly background: boolean
  /**
   * How many calls, including this one, shared the statement that answered it. Set before `asyncStart`. Absent when the statement
   * failed, for a transaction, and when another thread or process owns the database.
   */
  calls?: number
  /** Why the call failed. Set before the event `error`. */
  error?: unknown
}

const start = phaseChannel<TracedCall>('start')
const end = phaseChannel<TracedCall>('end')
const failure = phaseChannel<TracedCall>('error')
const asyncStart = phaseChannel<TracedCall>('asyncStart')
const asyncEnd = phaseChannel<TracedCall>('asyncEnd')

/** Returns whether calls have a subscriber. Without one, this check is the whole cost of tracing. */
export function callsAreTraced(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    failure.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

/**
 * Runs a call and publishes `start`, `end`, `error` if it fails, `asyncStart` and `asyncEnd`, each once and in this order, also
 * when the engine is synchronous.
 *
 * @returns the return value of `run`; a promise stays the same object.
 */
export function traced<Result>(call: TracedCall, run: () => Result | Promise<Result>): Result | Promise<Result> {
  let result: Result | Promise<Result>
  try {
    // Like a TracingChannel: a store that subscribers bind to `start` is active within `run`.
    result = start.runStores(call, run)
  } catch (error) {
    end.publish(call)
    failed(call, error)
    throw error
  }
  end.publish(call)
  if (!(result instanceof Promise)) settled(call)
  else
    result.then(
      () => settled(call),
      (error: unknown) => failed(call, error),
    )
  return result
}

function failed(call: TracedCall, error: unknown): void {
  call.error = error
  failure.publish(call)
  settled(call)
}

function settled(call: TracedCall): void {
  asyncStart.publish(call)
  asyncEnd.publish(call)
}
