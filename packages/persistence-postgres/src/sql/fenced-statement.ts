import {
  type FencedStatement,
  invalidArgument,
  type OptionNames,
  type PersistenceError,
  readArgument,
  readOptions,
  type SqlValue,
  type Step,
} from '@go-go-scope/persistence-core/dialect'
import { scanSql } from './sql-scan.js'

// They would end the transaction that holds the check, outlive it on a session that others get, or need an own protocol.
const REFUSED: ReadonlySet<string> = new Set([
  'ABORT',
  'BEGIN',
  'COMMIT',
  'COPY',
  'DEALLOCATE',
  'DISCARD',
  'END',
  'EXECUTE',
  'LISTEN',
  'PREPARE',
  'RELEASE',
  'RESET',
  'ROLLBACK',
  'SAVEPOINT',
  'SET',
  'START',
  'UNLISTEN',
  'VACUUM',
])
const STATEMENT: OptionNames<FencedStatement> = { sql: true, parameters: true }
const LEAST_INTEGER = -(2n ** 63n)
const GREATEST_INTEGER = 2n ** 63n - 1n

/**
 * Checks a statement and makes a step of it.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function fencedStep(statement: FencedStatement, at: number): Step {
  const where = `statements[${at}]`
  if (typeof statement !== 'object' || statement === null) throw invalid(`${where} must be an object with sql`)
  const { sql, parameters: given = [] } = readOptions(statement, STATEMENT, `fenced: ${where}`)
  if (typeof sql !== 'string') throw invalid(`${where}.sql must be a string, got ${typeof sql}`)
  checkText(sql, `${where}.sql`)
  if (!Array.isArray(given)) throw invalid(`${where}.parameters must be an array`)
  const values: unknown[] = readArgument(() => [...given], 'fenced', `${where}.parameters`)
  const { firstWord, several, parameters } = scanSql(sql)
  if (firstWord === '') throw invalid(`${where}.sql holds no statement`)
  if (several) throw invalid(`${where}.sql holds several statements; pass one each`)
  if (REFUSED.has(firstWord)) {
    throw invalid(`${where}.sql starts with ${firstWord}, which has no place in the fenced transaction`)
  }
  if (parameters !== values.length) {
    throw invalid(`${where}.sql has ${parameters} parameters, got ${values.length}; write them as $1, $2 and so on`)
  }
  return { sql, parameters: values.map((value, index) => checkedValue(value, `${where}.parameters[${index}]`)) }
}

function checkedValue(value: unknown, where: string): SqlValue {
  switch (typeof value) {
    case 'string':
      checkText(value, where)
      return value
    case 'boolean':
      // No value of the core's own statements, but every client library sends one as what it is.
      return value as unknown as SqlValue
    case 'number':
      if (!Number.isFinite(value)) throw invalid(`${where} must be finite, got ${value}`)
      return value
    case 'bigint':
      if (value < LEAST_INTEGER || value > GREATEST_INTEGER) throw invalid(`${where} does not fit in 64 bits: ${value}`)
      return String(value)
    default:
      if (value === null) return null
      // A copy, because it is bound later than this call returns.
      if (value instanceof Uint8Array) return value.slice()
      throw invalid(`${where} must be a string, number, BigInt, boolean, null or Uint8Array, got ${kindOf(value)}`)
  }
}

function checkText(text: string, where: string): void {
  if (text.includes('\0')) throw invalid(`${where} contains a NUL character, which PostgreSQL refuses`)
  if (!text.isWellFormed()) throw invalid(`${where} contains a lone surrogate, which UTF-8 cannot hold`)
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor?.name ?? 'an object') : typeof value
}

function invalid(problem: string): PersistenceError {
  return invalidArgument('fenced', problem)
}
