import { invalidArgument, shownClass } from '../../arguments/invalid.js'
import { unbindable } from '../../arguments/limits.js'
import { type Complete, type OptionNames, readOptions } from '../../arguments/options.js'
import { readArgument } from '../../arguments/read-argument.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import type { Step } from '../../queue/statement.js'

/** The type of a parameter of a {@link FencedStatement}. */
export type FencedParameter = string | number | bigint | boolean | null | Uint8Array

/** One statement of the app for `adapter.fenced`. */
export interface FencedStatement {
  /** One SQL statement with `?` or `?1` parameters. */
  readonly sql: string
  /**
   * The values of the parameters. Numbers must be finite. A BigInt is stored as a 64-bit integer on every engine. On SQLite, a
   * whole number within ±(2^53 - 1) and a boolean (as 0 or 1) arrive as an INTEGER, and any other number as REAL.
   */
  readonly parameters?: readonly FencedParameter[] | undefined
}

/**
 * Makes a step of a transaction from a statement with validated arguments. Each dialect has its own.
 *
 * @param where Names the statement in errors: `statements[0]`.
 * @throws PersistenceError `INVALID_ARGUMENT` for SQL that may not run in the fenced transaction.
 */
export type FencedStep = (statement: Complete<FencedStatement>, where: string) => Step

const STATEMENT: OptionNames<FencedStatement> = { sql: true, parameters: true }
const LEAST_INTEGER = -(2n ** 63n)
const GREATEST_INTEGER = 2n ** 63n - 1n

/**
 * Validates and copies a statement. The copy is bound after the call has returned, when the caller may have changed the original.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function checkedStatement(statement: FencedStatement, where: string): Complete<FencedStatement> {
  const { sql, parameters: given = [] } = readOptions(statement, STATEMENT, 'fenced', 'INVALID_ARGUMENT', `${where}: `)
  if (typeof sql !== 'string') throw invalidFenced(`${where}.sql must be a string, got ${typeof sql}`)
  checkText(sql, `${where}.sql`)
  if (!Array.isArray(given)) throw invalidFenced(`${where}.parameters must be an array, got ${shownClass(given)}`)
  const parameters: unknown[] = readArgument(() => [...given], 'fenced', `${where}.parameters`)
  return { sql, parameters: parameters.map((value, index) => checkedValue(value, `${where}.parameters[${index}]`)) }
}

/** Creates the error of a statement that `fenced` refuses. */
export function invalidFenced(problem: string): PersistenceError {
  return invalidArgument('fenced', problem)
}

function checkedValue(value: unknown, where: string): FencedParameter {
  switch (typeof value) {
    case 'string':
      checkText(value, where)
      return value
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw invalidFenced(`${where} must be finite, got ${value}`)
      return value
    case 'bigint':
      if (value >= LEAST_INTEGER && value <= GREATEST_INTEGER) return value
      throw invalidFenced(`${where} does not fit in 64 bits: ${value}`)
    default:
      if (value === null) return null
      // `slice` of a Buffer would return a view of the same memory.
      if (value instanceof Uint8Array) return readArgument(() => new Uint8Array(value), 'fenced', where)
      throw invalidFenced(
        `${where} must be a string, number, BigInt, boolean, null or Uint8Array, got ${shownClass(value)}`,
      )
  }
}

function checkText(text: string, where: string): void {
  const problem = unbindable(text)
  if (problem !== undefined) throw invalidFenced(`${where} ${problem}`)
}
