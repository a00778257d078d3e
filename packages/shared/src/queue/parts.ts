import type { Call } from './call.js'
import { paysAsBatch } from './concurrency.js'
import { isJoined } from './joined-calls.js'
import type { Run } from './runs.js'
import { CALLS_BOUND_TOGETHER } from './statement.js'

// A smaller batch costs more than its calls one by one.
const SMALLEST_BATCH = 8

/**
 * Splits a run into the parts in which it is executed. A synchronous engine has no round trip, so one part is not always best.
 */
export function partsOf(run: Run): Run[] {
  const [first] = run
  const { statement, parameters } = first
  if (isJoined(first)) return run.map(alone)
  if (statement.batch?.bound !== undefined) return boundTogether(run)
  if (run.length < SMALLEST_BATCH || !paysAsBatch(statement, parameters)) return run.map(alone)
  return [run]
}

export function alone(call: Call): Run {
  return [call]
}

/** Forms parts with the number of calls that the statement takes; the remaining calls run one by one. */
function boundTogether(run: Run): Run[] {
  const parts: Run[] = []
  let at = 0
  for (; at + CALLS_BOUND_TOGETHER <= run.length; at += CALLS_BOUND_TOGETHER) {
    parts.push(run.slice(at, at + CALLS_BOUND_TOGETHER) as unknown as Run)
  }
  return [...parts, ...run.slice(at).map(alone)]
}
