import type { Call } from './call.js'
import { paysAsBatch } from './concurrency.js'
import { CALLS_BOUND_TOGETHER } from './statement.js'
import type { Run } from './take-batches.js'

// A smaller batch costs more than its calls one by one.
const SMALLEST_BATCH = 8
const WORTH_A_STATEMENT = 32

/** The statements that a run goes as: an engine that answers within the call pays for no trip, so one is not always best. */
export function partsOf(run: Run): Run[] {
  const [{ statement, parameters }] = run
  if (statement.batch?.bound !== undefined) return boundTogether(run)
  if (run.length < SMALLEST_BATCH || !paysAsBatch(statement, parameters)) return run.map(alone)
  return statement.batch?.packed === undefined ? [run] : byTaker(run)
}

export function alone(call: Call): Run {
  return [call]
}

/** A statement for each who takes its answers as one row, where each has many of them. */
function byTaker(run: Run): Run[] {
  const parts: [Call, ...Call[]][] = []
  for (const call of run) {
    const part = parts.at(-1)
    if (part !== undefined && part[0].packs === call.packs) part.push(call)
    else parts.push([call])
  }
  return parts.every(({ length }) => length >= WORTH_A_STATEMENT) ? parts : [run]
}

/** As many together as their statement takes, the rest one by one. */
function boundTogether(run: Run): Run[] {
  const parts: Run[] = []
  let at = 0
  for (; at + CALLS_BOUND_TOGETHER <= run.length; at += CALLS_BOUND_TOGETHER) {
    parts.push(run.slice(at, at + CALLS_BOUND_TOGETHER) as unknown as Run)
  }
  return [...parts, ...run.slice(at).map(alone)]
}
