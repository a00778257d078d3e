import { phaseChannel } from './channels.js'
import type { TracedDatabase } from './traced-database.js'

/**
 * One call of a store: the message of `tracing:go-go-scope.persistence.call`. All events of the call have the same object. It
 * has neither keys nor values.
 */
export interface TracedCall {
  /** As errors name it, for example `cache.get`. */
  readonly operation: string
  readonly kind: 'read' | 'write'
  readonly database: TracedDatabase
  /** Whether no caller awaits the call, for example a sweep. */
  readonly background: boolean
  /**
   * How many calls, with this one, shared the statement that answered it. Set before `asyncStart`. Absent for a call whose
   * statement failed, for a transaction, and where another thread or process owns the database.
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

/** Whether any subscriber hears of calls. Without one, a call costs this question and no more. */
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
 * Runs a call and publishes `start`, `end`, `error` where it fails, `asyncStart` and `asyncEnd`, each once and in this order;
 * also where the engine answers within the call.
 *
 * @returns what `run` has returned, the same promise.
 */
export function traced<Result>(call: TracedCall, run: () => Result | Promise<Result>): Result | Promise<Result> {
  let result: Result | Promise<Result>
  try {
    // As a TracingChannel does it: what subscribers bind to `start` holds within `run`.
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
