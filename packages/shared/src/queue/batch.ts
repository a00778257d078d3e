import type { Row, SqlValue } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { type Call, settle } from './call.js'
import { isJoined, type JoinedCalls } from './joined-calls.js'
import type { BatchSql, Parameters } from './statement.js'

/** The parameters of a batch: one JSON element per call, then what the calls share. */
export function batchParameters(batch: BatchSql, calls: readonly Call[]): Parameters {
  const { parameters } = calls[0] as Call
  const own = ownParameters(batch, parameters)
  const elements = calls.map((call) =>
    own === 1 ? exact(call.parameters[0]) : call.parameters.slice(0, own).map(exact),
  )
  return [JSON.stringify(elements), ...sharedParameters(batch, calls)]
}

/** The same of joined calls, which share nothing, as the one parameter of the batch. */
export function joinedParameter(joined: readonly JoinedCalls[]): string {
  const elements: unknown[] = []
  for (const { parameters, count } of joined) {
    const own = parameters.length / count
    for (let at = 0; at < parameters.length; at += own) {
      elements.push(own === 1 ? exact(parameters[at]) : parameters.slice(at, at + own).map(exact))
    }
  }
  return JSON.stringify(elements)
}

/** The parameters that the calls of a batch have in common. */
export function sharedParameters(batch: BatchSql, [first]: readonly Call[]): Parameters {
  const { parameters } = first as Call
  return parameters.slice(ownParameters(batch, parameters))
}

/** The parameters of all calls, one call after the other. */
export function parametersSideBySide(calls: readonly Call[]): Parameters {
  const all: SqlValue[] = []
  for (const { parameters } of calls) for (const parameter of parameters) all.push(parameter)
  return all
}

/** How many parameters each call of a batch has for itself. */
export function ownParameters(batch: BatchSql, parameters: Parameters): number {
  return parameters.length - (batch.shared ?? 0)
}

// SQLite 3.52 reads the shortest text of some fractions, 1.691553792989131 for one, as the number next to it, but none of
// 300,000 random ones from 17 digits. As text, because a JSON number cannot ask for digits; the column makes it a number.
function exact(parameter: SqlValue | undefined): SqlValue | undefined {
  return typeof parameter === 'number' && !Number.isSafeInteger(parameter) ? parameter.toPrecision(17) : parameter
}

/** Whether `call` may go in one statement with `first`. */
export function fitsBatch(first: Call, call: Call): boolean {
  const { batch } = first.statement
  if (batch === undefined || call.statement !== first.statement || isJoined(first) !== isJoined(call)) return false
  // Joined calls are answered as one, by nothing or by a row that tells nothing of other calls.
  if (isJoined(first)) return first.statement.rows === 'none'
  const { shared = 0 } = batch
  for (let at = first.parameters.length - shared; at < first.parameters.length; at++) {
    if (call.parameters[at] !== first.parameters[at]) return false
  }
  return true
}

/** Gives every call of a run what is its own of the rows they share. */
export function distribute(calls: readonly [Call, ...Call[]], rows: readonly Row[]): void {
  const [first] = calls
  const { batch } = first.statement
  if (calls.length === 1) {
    settle(first, first.statement.rows === 'many' ? rows : rows[0], 1)
  } else if (batch?.match === 'order') {
    distributeInOrder(calls, rows)
  } else if (batch?.match === 'echo') {
    distributeByEcho(batch.echo ?? [], calls, rows)
  } else {
    const given: (Row | undefined)[] = new Array(calls.length)
    // A statement that another thread or process has declared may give a text or the bytes of one there, such as `length`.
    if (batch?.match === 'index') {
      for (const row of rows) if (typeof row.i === 'number') given[row.i] = row
    }
    // Not by entries(), which makes an array for each call.
    for (let at = 0; at < calls.length; at++) settle(calls[at] as Call, given[at], calls.length)
  }
}

function distributeByEcho(columns: readonly string[], calls: readonly Call[], rows: readonly Row[]): void {
  const [column, ...others] = columns as [string]
  const alone = others.length === 0
  // NUL separates: no key or owner contains it. A text for each call costs more than all else here.
  const ofRow = (row: Row): unknown => (alone ? row[column] : columns.map((name) => row[name]).join('\0'))
  const ofCall = ({ parameters }: Call): unknown =>
    alone ? parameters[0] : parameters.slice(0, columns.length).join('\0')
  const byEcho = new Map<unknown, Row>()
  for (const row of rows) byEcho.set(ofRow(row), row)
  for (const call of calls) settle(call, byEcho.get(ofCall(call)), calls.length)
}

// That RETURNING gives rows in the order of the SELECT is what every engine here does, not what SQLite promises. A
// wrong match would hand one caller another's count, so it is checked and refused.
function distributeInOrder(calls: readonly Call[], rows: readonly Row[]): void {
  const ordered = rows.length === calls.length && calls.every(({ parameters }, at) => rows[at]?.k === parameters[0])
  for (let at = 0; at < calls.length; at++) {
    const call = calls[at] as Call
    if (ordered) settle(call, rows[at], calls.length)
    else
      call.reject(
        new PersistenceError(
          'SQL',
          call.name,
          `${call.name}: the engine gave the rows of a batch in another order; what was written is unknown`,
        ),
      )
  }
}
