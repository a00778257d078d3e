import {
  type Invariant,
  type InvariantSql,
  type Part,
  type RowInvariants,
  read,
} from '@go-go-scope/persistence-core/dialect'
import { TIMELINE } from './locks.js'
import { inRange, nameAndNext, ofValue } from './pages.js'

/** As those of SQLite's dialect, where a server has the same. @param schema Quoted. */
export function invariantSql(schema: string): InvariantSql {
  return {
    rows: [
      // A server in recovery gives no tokens, and does not tell its timeline.
      inRows('locks', `${schema}.locks`, {
        beyond_counter: [
          `CASE WHEN pg_is_in_recovery() THEN false ELSE
  token > ${TIMELINE} * 4294967296 + (SELECT last_value FROM ${schema}.lock_token) END`,
          'its token is beyond the counter, which will give that token again',
        ],
        half_free: ['(holds = 0) <> (expires_at = 0)', 'it is held and given back at the same time'],
      }),
      inRows('claims', `${schema}.idempotency`, {
        without_owner: [
          'claimed_until IS NOT NULL AND (owner IS NULL OR generation IS NULL OR granted_at IS NULL)',
          'it lacks its owner, its generation or the time of its grant; nobody can end it',
        ],
        beyond_counter: [
          `generation > (SELECT last_value FROM ${schema}.claim_generation)`,
          'its generation is beyond the counter, which will give it again, and a late report may count',
        ],
        ends_early: ['claimed_until > 0 AND claimed_until < granted_at', 'its lease ends before it was granted'],
        beside_result: [
          'claimed_until IS NOT NULL AND (value IS NOT NULL OR unstored IS NOT NULL OR failure IS NOT NULL)',
          'its key has a result or a kept failure, which should have ended it',
        ],
      }),
      inRows('circuits', `${schema}.circuit`, {
        orphan_probes: [
          "state <> 'half-open' AND probes <> '[]'",
          'it has probes under way and is not half-open; their reports do not count',
        ],
        orphan_successes: [
          "state <> 'half-open' AND successes <> 0",
          'probes have succeeded that are of no trial; the next trial closes it too early',
        ],
        isolated_elsewhere: [
          "isolated <> 0 AND state <> 'open'",
          'it is isolated and not open; no call comes through until it is reset',
        ],
      }),
    ],
    database: [
      inDatabase(
        'it begins with another prefix, and both store idempotency keys as published: they may meet in one row',
        `SELECT prefix AS name FROM (
  SELECT prefix, lag(prefix) OVER (ORDER BY prefix) AS shorter FROM ${schema}.prefixes WHERE idempotency = 'plain'
) AS plain WHERE starts_with(prefix, shorter)`,
      ),
      inDatabase(
        'it is not the only prefix that stores tasks as published: they may meet in one row',
        `SELECT prefix AS name FROM ${schema}.prefixes WHERE checkpoints = 'plain'
  AND (SELECT count(*) FROM ${schema}.prefixes WHERE checkpoints = 'plain') > 1`,
      ),
    ],
    checkpoints: read(
      'verify',
      'many',
      `SELECT ${nameAndNext('id')}, id, task_id, sequence::float8 AS sequence, timestamp, progress, estimated_time_remaining,
  ${ofValue('data')} FROM ${schema}.checkpoints AS checkpoint WHERE ${inRange('id')} ORDER BY id LIMIT $4::int`,
    ),
  }
}

/** @param broken What is wrong where the condition in SQL is true, by the name of its column. */
function inRows(
  part: Part,
  table: string,
  broken: Readonly<Record<string, readonly [condition: string, words: string]>>,
): RowInvariants {
  const columns = Object.entries(broken).map(([name, [condition]]) => `, (${condition})::int AS ${name}`)
  const sql = `SELECT ${nameAndNext('key')}${columns.join('')} FROM ${table} AS entry WHERE ${inRange('key')} ORDER BY key LIMIT $4::int`
  return {
    part,
    statement: read('verify', 'many', sql),
    broken: Object.fromEntries(Object.entries(broken).map(([name, [, words]]) => [name, words])),
  }
}

/** @param sql Gives a row with the `name` for each time that it does not hold. */
function inDatabase(broken: string, sql: string): Invariant {
  return { part: 'prefixes', broken, statement: read('verify.database', 'many', sql) }
}
