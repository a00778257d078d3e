import type { SqlValue } from '../driver/driver.js'
import { type Backlog, callsOf } from './backlog.js'
import { fitsBatch } from './batch.js'
import type { Call } from './call.js'
import type { Parameters } from './statement.js'

/** Consecutive calls that are sent as one statement. */
export type Run = readonly [Call, ...Call[]]

/** The maximum amounts that may be sent together. */
export interface Bounds {
  readonly runs: number
  /** Of all runs. */
  readonly calls: number
  /** Of one run. */
  readonly callsInRun: number
  /** UTF-16 units of the parameters of all runs; a single call may exceed it. */
  readonly units: number
}

/** Returns the runs at the head of a backlog whose first item is a call. Removes nothing. */
export function runsAtHead(backlog: Backlog, bounds: Bounds): Run[] {
  const runs: [Call, ...Call[]][] = []
  let run: [Call, ...Call[]] | undefined
  let named: Set<SqlValue | undefined> | undefined
  let units = 0
  for (let at = 0, calls = 0; calls < bounds.calls; at++) {
    const next = backlog.peek(at)
    if (next === undefined || next.type !== 'call') break
    units += unitsOf(next.parameters)
    if (at > 0 && units > bounds.units) break
    calls += callsOf(next)
    const [name] = next.parameters
    if (run !== undefined && run.length < bounds.callsInRun && !named?.has(name) && fitsBatch(run[0], next)) {
      run.push(next)
    } else {
      if (runs.length === bounds.runs) break
      run = [next]
      runs.push(run)
      named = next.statement.batch?.distinct && new Set()
    }
    named?.add(name)
  }
  return runs
}

/** Returns how many of the runs write. */
export function writesIn(runs: readonly Run[]): number {
  let writes = 0
  for (const [first] of runs) if (first.statement.kind === 'write') writes++
  return writes
}

/** Returns how many backlog items the runs contain. Joined calls are one item; see {@link callsOf}. */
export function itemsIn(runs: readonly Run[]): number {
  let items = 0
  for (const run of runs) items += run.length
  return items
}

/** Returns how many calls the items of a backlog contain. */
export function callsIn(items: readonly Call[]): number {
  let calls = 0
  for (const item of items) calls += callsOf(item)
  return calls
}

/** Returns the approximate size in UTF-16 units. */
function unitsOf(parameters: Parameters): number {
  let units = 0
  for (const parameter of parameters) units += typeof parameter === 'string' ? parameter.length : 8
  return units
}
