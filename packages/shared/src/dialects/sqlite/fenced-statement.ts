import type { Complete } from '../../arguments/options.js'
import type { SqlValue } from '../../driver/driver.js'
import type { Step } from '../../queue/statement.js'
import { type FencedParameter, type FencedStatement, invalidFenced } from '../../stores/lock/fenced-statement.js'
import { bindsExactly } from '../../values/numbers.js'
import { scanSql } from './sql-scan.js'

// They would end the transaction that contains the check, or affect more than the database.
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

/**
 * Refuses SQL that engines treat differently, or rewrites it so that they agree.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function fencedStep({ sql, parameters }: Complete<FencedStatement>, where: string): Step {
  const { firstWord, several, placeholders } = scanSql(sql)
  if (firstWord === '') throw invalidFenced(`${where}.sql holds no statement`)
  if (several)
    throw invalidFenced(`${where}.sql holds several statements, of which engines run only the first; pass one each`)
  if (REFUSED.has(firstWord))
    throw invalidFenced(`${where}.sql starts with ${firstWord}, which has no place in the fenced transaction`)
  if (placeholders.some(({ index }) => index === undefined || index < 0)) {
    throw invalidFenced(`${where}.sql has named parameters; use ? or ?1`)
  }
  const wanted = Math.max(0, ...placeholders.map(({ index }) => (index as number) + 1))
  if (wanted !== parameters.length) {
    throw invalidFenced(`${where}.sql has ${wanted} parameters, got ${parameters.length}`)
  }
  return bindable(sql, placeholders as readonly Located[], parameters)
}

interface Located {
  readonly start: number
  readonly end: number
  readonly index: number
}

/**
 * Writes every BigInt into the SQL, because one engine binds it as NULL and another wraps it around. Casts a whole number, because
 * some engines bind it as REAL, which a column of text stores as `1.0`. Negates a number that one engine would round, in
 * JavaScript and again in SQL. Renumbers the parameters in the order of their occurrence.
 */
function bindable(sql: string, placeholders: readonly Located[], values: readonly FencedParameter[]): Step {
  const numbers = new Map<number, number>()
  const parameters: SqlValue[] = []
  let text = ''
  let from = 0
  for (const { start, end, index } of placeholders) {
    const given = values[index] as FencedParameter
    const value = typeof given === 'boolean' ? Number(given) : given
    text += sql.slice(from, start)
    from = end
    if (typeof value === 'bigint') {
      // As text and not as a literal, because the smallest integer has no literal.
      text += integer(`'${value}'`)
      continue
    }
    const turned = typeof value === 'number' && !bindsExactly(value)
    if (!numbers.has(index)) numbers.set(index, parameters.push(turned ? -value : value))
    const place = `?${numbers.get(index)}`
    text += turned ? `(-${place})` : Number.isSafeInteger(value) ? integer(place) : place
  }
  return { sql: text + sql.slice(from), parameters }
}

/** The plus takes away the affinity of a CAST, so that a column is compared with it as with a bare parameter. */
const integer = (operand: string): string => `(+CAST(${operand} AS INTEGER))`
