import { invalidArgument } from '../../arguments/invalid.js'
import { unbindable } from '../../arguments/limits.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import { readArgument } from '../../arguments/read-argument.js'
import type { SqlValue } from '../../driver/driver.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import type { Step } from '../../queue/statement.js'
import type { FencedStatement } from '../../stores/lock/fenced.js'
import { bindsExactly } from '../../values/numbers.js'
import { scanSql } from './sql-scan.js'

// They would end the transaction that holds the check, or reach past the database.
const REFUSED: ReadonlySet<string> = new Set([
  'ATTACH',
  'BEGIN',
  'COMMIT',
  'DETACH',
  'END',
  'PRAGMA',
  'RELEASE',
  'ROLLBACK',
  'SAVEPOINT',
  'VACUUM',
])
const STATEMENT: OptionNames<FencedStatement> = { sql: true, parameters: true }
const LEAST_INTEGER = -(2n ** 63n)
const GREATEST_INTEGER = 2n ** 63n - 1n

/**
 * Checks a statement and makes a step of it. What engines disagree on is refused or written so that they agree.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function fencedStep(statement: FencedStatement, at: number): Step {
  const where = `statements[${at}]`
  if (typeof statement !== 'object' || statement === null) throw invalid(`${where} must be an object with sql`)
  const { sql, parameters: given = [] } = readOptions(statement, STATEMENT, 'fenced', 'INVALID_ARGUMENT', `${where}: `)
  if (typeof sql !== 'string') throw invalid(`${where}.sql must be a string, got ${typeof sql}`)
  checkText(sql, `${where}.sql`)
  if (!Array.isArray(given)) throw invalid(`${where}.parameters must be an array`)
  const parameters: unknown[] = readArgument(() => [...given], 'fenced', `${where}.parameters`)
  const { firstWord, several, placeholders } = scanSql(sql)
  if (firstWord === '') throw invalid(`${where}.sql holds no statement`)
  if (several)
    throw invalid(`${where}.sql holds several statements, of which engines run only the first; pass one each`)
  if (REFUSED.has(firstWord))
    throw invalid(`${where}.sql starts with ${firstWord}, which has no place in the fenced transaction`)
  if (placeholders.some(({ index }) => index === undefined || index < 0)) {
    throw invalid(`${where}.sql has named parameters; use ? or ?1`)
  }
  const wanted = Math.max(0, ...placeholders.map(({ index }) => (index as number) + 1))
  if (wanted !== parameters.length) {
    throw invalid(`${where}.sql has ${wanted} parameters, got ${parameters.length}`)
  }
  const values = parameters.map((value, index) => checkedValue(value, `${where}.parameters[${index}]`))
  return bindable(sql, placeholders as readonly Located[], values)
}

interface Located {
  readonly start: number
  readonly end: number
  readonly index: number
}

/**
 * Writes every BigInt into the text, because one engine binds it as NULL and another wraps it around, and turns the sign
 * of a number that one would round, there and back. The other parameters are numbered anew, in the order in which they
 * are met.
 */
function bindable(sql: string, placeholders: readonly Located[], values: readonly (SqlValue | bigint)[]): Step {
  const numbers = new Map<number, number>()
  const parameters: SqlValue[] = []
  let text = ''
  let from = 0
  for (const { start, end, index } of placeholders) {
    const value = values[index] as SqlValue | bigint
    text += sql.slice(from, start)
    from = end
    if (typeof value === 'bigint') {
      // As text and not as a literal: the least integer has none.
      text += `CAST('${value}' AS INTEGER)`
      continue
    }
    const turned = typeof value === 'number' && !bindsExactly(value)
    if (!numbers.has(index)) numbers.set(index, parameters.push(turned ? -value : value))
    const place = `?${numbers.get(index)}`
    text += turned ? `(-${place})` : place
  }
  return { sql: text + sql.slice(from), parameters }
}

function checkedValue(value: unknown, where: string): SqlValue | bigint {
  switch (typeof value) {
    case 'string':
      checkText(value, where)
      return value
    case 'boolean':
      return value ? 1 : 0
    case 'number':
      if (!Number.isFinite(value)) throw invalid(`${where} must be finite, got ${value}`)
      return value
    case 'bigint':
      if (value < LEAST_INTEGER || value > GREATEST_INTEGER) throw invalid(`${where} does not fit in 64 bits: ${value}`)
      return value
    default:
      if (value === null) return null
      // A copy, because it is bound later than this call returns.
      if (value instanceof Uint8Array) return value.slice()
      throw invalid(`${where} must be a string, number, BigInt, boolean, null or Uint8Array, got ${kindOf(value)}`)
  }
}

function checkText(text: string, where: string): void {
  const problem = unbindable(text)
  if (problem !== undefined) throw invalid(`${where} ${problem}`)
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : typeof value
}

function invalid(problem: string): PersistenceError {
  return invalidArgument('fenced', problem)
}
