import type { Backlog } from './backlog.js'
import { fitsBatch } from './batch.js'
import type { Call } from './call.js'
import type { Parameters } from './statement.js'

/** Calls that follow one another and go as one statement. */
export type Run = readonly [Call, ...Call[]]

export const MAX_CALLS = 1_000
export const MAX_UNITS: number = 4 * 1024 * 1024
// A group holds the write lock for all its round trips to the engine's thread, about 20 µs each.
const MAX_RUNS_IN_GROUP = 256

/**
 * Takes what goes next from a backlog whose head is a call: one run, or, with `group`, the runs behind it too where more
 * than one of them writes. Bounded in calls, in runs, and in UTF-16 units of their parameters.
 */
export function callsAtHead(backlog: Backlog, group: boolean): Run[] {
  const runs: [Call, ...Call[]][] = []
  let units = 0
  let calls = 0
  let writes = 0
  for (; calls < MAX_CALLS; calls++) {
    const next = backlog.peek(calls)
    if (next?.type !== 'call') break
    units += unitsOf(next.parameters)
    if (calls > 0 && units > MAX_UNITS) break
    const run = runs.at(-1)
    if (run !== undefined && run[0].statement.batch !== undefined && fitsBatch(run[0], next)) {
      run.push(next)
    } else {
      if (runs.length === (group ? MAX_RUNS_IN_GROUP : 1)) break
      runs.push([next])
      if (next.statement.kind === 'write') writes++
    }
  }
  const taken = writes > 1 ? runs : runs.slice(0, 1)
  backlog.take(taken.reduce((count, run) => count + run.length, 0))
  return taken
}

/** UTF-16 units, roughly. */
export function unitsOf(parameters: Parameters): number {
  let units = 0
  for (const parameter of parameters) units += typeof parameter === 'string' ? parameter.length : 8
  return units
}
