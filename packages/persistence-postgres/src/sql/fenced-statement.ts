import {
  type Complete,
  type FencedParameter,
  type FencedStatement,
  invalidFenced,
  type SqlValue,
  type Step,
} from '@go-go-scope/persistence-core/dialect'
import { scanSql } from './sql-scan.js'

// These would end the transaction that holds the check, leave state on a session that others use later, or need a protocol of
// their own.
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

/** @throws PersistenceError `INVALID_ARGUMENT`. */
export function fencedStep({ sql, parameters }: Complete<FencedStatement>, where: string): Step {
  const { firstWord, several, parameters: wanted } = scanSql(sql)
  if (firstWord === '') throw invalidFenced(`${where}.sql holds no statement`)
  if (several) throw invalidFenced(`${where}.sql holds several statements; pass one each`)
  if (REFUSED.has(firstWord)) {
    throw invalidFenced(`${where}.sql starts with ${firstWord}, which has no place in the fenced transaction`)
  }
  if (wanted !== parameters.length) {
    throw invalidFenced(
      `${where}.sql has ${wanted} parameters, got ${parameters.length}; write them as $1, $2 and so on`,
    )
  }
  return { sql, parameters: parameters.map(bound), ofApp: true }
}

function bound(value: FencedParameter): SqlValue {
  if (typeof value === 'bigint') return String(value)
  // The core's own statements have no booleans, but every client library sends them correctly.
  return value as SqlValue
}
