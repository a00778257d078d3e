import { invalidArgument } from '../../arguments/invalid.js'
import { unbindable } from '../../arguments/limits.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import { readArgument } from '../../arguments/read-argument.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import type { Step } from '../../queue/statement.js'

/** What may be bound in a {@link FencedStatement}. */
export type FencedParameter = string | number | bigint | boolean | null | Uint8Array

/** One statement of the app, for `adapter.fenced`. */
export interface FencedStatement {
  /** One SQL statement with `?` or `?1` parameters. */
  readonly sql: string
  /**
   * A finite number goes as the engine sends numbers, a BigInt as an integer of 64 bits on every engine, a boolean as 0
   * or 1.
   */
  readonly parameters?: readonly FencedParameter[]
}

/**
 * Makes a step of a statement whose arguments are checked, as a dialect does.
 *
 * @param where Its place among the statements, for errors.
 * @throws PersistenceError `INVALID_ARGUMENT` for a text that has no place in the fenced transaction.
 */
export type FencedStep = (statement: Required<FencedStatement>, where: string) => Step

const STATEMENT: OptionNames<FencedStatement> = { sql: true, parameters: true }
const LEAST_INTEGER = -(2n ** 63n)
const GREATEST_INTEGER = 2n ** 63n - 1n

/**
 * A copy of a statement, because it is bound later than the call returns.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function checkedStatement(statement: FencedStatement, where: string): Required<FencedStatement> {
  if (typeof statement !== 'object' || statement === null) throw invalidFenced(`${where} must be an object with sql`)
  const { sql, parameters: given = [] } = readOptions(statement, STATEMENT, 'fenced', 'INVALID_ARGUMENT', `${where}: `)
  if (typeof sql !== 'string') throw invalidFenced(`${where}.sql must be a string, got ${typeof sql}`)
  checkText(sql, `${where}.sql`)
  if (!Array.isArray(given)) throw invalidFenced(`${where}.parameters must be an array`)
  const parameters: unknown[] = readArgument(() => [...given], 'fenced', `${where}.parameters`)
  return { sql, parameters: parameters.map((value, index) => checkedValue(value, `${where}.parameters[${index}]`)) }
}

/** For a dialect, which finds out about the text. */
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
      if (value instanceof Uint8Array) return value.slice()
      throw invalidFenced(
        `${where} must be a string, number, BigInt, boolean, null or Uint8Array, got ${kindOf(value)}`,
      )
  }
}

function checkText(text: string, where: string): void {
  const problem = unbindable(text)
  if (problem !== undefined) throw invalidFenced(`${where} ${problem}`)
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : typeof value
}
