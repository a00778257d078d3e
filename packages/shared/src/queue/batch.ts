import type { Row, SqlValue } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { type Call, settle } from './call.js'
import { isJoined, type JoinedCalls } from './joined-calls.js'
import type { BatchSql, Parameters } from './statement.js'

/** Returns the parameters of a batch: one JSON element per call, then the shared parameters. */
export function batchParameters(batch: BatchSql, calls: readonly Call[]): Parameters {
  const { parameters } = calls[0] as Call
  const own = ownParameters(batch, parameters)
  const elements = calls.map((call) =>
    own === 1 ? exact(call.parameters[0]) : call.parameters.slice(0, own).map(exact),
  )
  return [JSON.stringify(elements), ...sharedParameters(batch, calls)]
}

/** Same for joined calls, which have no shared parameters: the single parameter of the batch. */
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

/** Returns the parameters that the calls of a batch have in common. */
export function sharedParameters(batch: BatchSql, [first]: readonly Call[]): Parameters {
  const { parameters } = first as Call
  return parameters.slice(ownParameters(batch, parameters))
}

/** Returns the parameters of all calls, call after call. */
export function parametersSideBySide(calls: readonly Call[]): Parameters {
  const all: SqlValue[] = []
  for (const { parameters } of calls) for (const parameter of parameters) all.push(parameter)
  return all
}

/** Returns how many parameters of a batch belong to each call. */
export function ownParameters(batch: BatchSql, parameters: Parameters): number {
  return parameters.length - (batch.shared ?? 0)
}

// SQLite 3.52 parses the shortest text of some fractions, for example 1.691553792989131, as the adjacent number; with 17 digits
// it did so for none of 300,000 random fractions. Sent as text, because a JSON number cannot specify its digits; the column
// converts it to a number.
function exact(parameter: SqlValue | undefined): SqlValue | undefined {
  return typeof parameter === 'number' && !Number.isSafeInteger(parameter) ? parameter.toPrecision(17) : parameter
}

/** Returns whether `call` can share one statement with `first`. */
export function fitsBatch(first: Call, call: Call): boolean {
  const { batch } = first.statement
  if (batch === undefined || call.statement !== first.statement || isJoined(first) !== isJoined(call)) return false
  // Joined calls get one answer: nothing, or a row without data of other calls.
  if (isJoined(first)) return first.statement.rows === 'none'
  const { shared = 0 } = batch
  for (let at = first.parameters.length - shared; at < first.parameters.length; at++) {
    if (call.parameters[at] !== first.parameters[at]) return false
  }
  return true
}

/** Distributes the rows of a run to its calls. */
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
    // A statement declared by another thread or process may have a text or bytes in that column, such as `length`.
    if (batch?.match === 'index') {
      for (const row of rows) if (typeof row.i === 'number') given[row.i] = row
    }
    // Not by entries(), which creates an array for each call.
    for (let at = 0; at < calls.length; at++) settle(calls[at] as Call, given[at], calls.length)
  }
}

function distributeByEcho(columns: readonly string[], calls: readonly Call[], rows: readonly Row[]): void {
  const [column, ...others] = columns as [string]
  const alone = others.length === 0
  // NUL separates, because no key or owner contains it. A text for each call costs more than everything else here.
  const ofRow = (row: Row): unknown => (alone ? row[column] : columns.map((name) => row[name]).join('\0'))
  const ofCall = ({ parameters }: Call): unknown =>
    alone ? parameters[0] : parameters.slice(0, columns.length).join('\0')
  const byEcho = new Map<unknown, Row>()
  for (const row of rows) byEcho.set(ofRow(row), row)
  for (const call of calls) settle(call, byEcho.get(ofCall(call)), calls.length)
}

// Every engine here returns rows of RETURNING in the order of the SELECT, but SQLite does not guarantee that. A wrong match would
// give one caller the count of another, so it is checked and refused.
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
