import {
  FAULTS,
  type InvariantSql,
  invariant,
  type Part,
  type RowInvariants,
  type Rules,
  read,
  rowInvariants,
} from '@go-go-scope/persistence-core/dialect'
import { inRange, nameAndNext, ofValue } from './pages.js'
import { TOKEN_BASE } from './timeline.js'

/** The invariants of SQLite's dialect that also apply to a server. @param schema Quoted. */
export function invariantSql(schema: string): InvariantSql {
  return {
    rows: [
      inRows('locks', `${schema}.locks`, {
        beyond_counter: [beyond('token', `${schema}.lock_token`), FAULTS.tokenBeyondCounter],
        half_free: ['(holds = 0) <> (expires_at = 0::float8)', FAULTS.halfFree],
      }),
      inRows('claims', `${schema}.idempotency`, {
        without_owner: [
          'claimed_until IS NOT NULL AND (owner IS NULL OR generation IS NULL OR granted_at IS NULL)',
          'it lacks its owner, its generation or the time of its grant; nobody can end it',
        ],
        beyond_counter: [
          beyond('generation', `${schema}.claim_generation`),
          'its generation is beyond the counter, so that a late report may count',
        ],
        ends_early: ['claimed_until > 0::float8 AND claimed_until < granted_at', FAULTS.endsEarly],
        beside_result: [
          'claimed_until IS NOT NULL AND (value IS NOT NULL OR unstored IS NOT NULL OR failure IS NOT NULL)',
          'its key has a result or a kept failure, which should have ended it',
        ],
      }),
      inRows('circuits', `${schema}.circuit`, {
        orphan_probes: ["state <> 'half-open' AND probes <> '[]'", FAULTS.orphanProbes],
        orphan_successes: ["state <> 'half-open' AND successes <> 0::float8", FAULTS.orphanSuccesses],
        isolated_elsewhere: ["isolated <> 0 AND state <> 'open'", FAULTS.isolatedElsewhere],
      }),
    ],
    database: [
      invariant(
        'prefixes',
        FAULTS.prefixesMeet,
        `SELECT prefix AS name FROM (
  SELECT prefix, pg_catalog.lag(prefix) OVER (ORDER BY prefix) AS shorter FROM ${schema}.prefixes WHERE idempotency = 'plain'
) AS plain WHERE starts_with(prefix, shorter)`,
      ),
      invariant(
        'prefixes',
        FAULTS.tasksMeet,
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

/** Returns SQL for whether a number was not given by a counter. A server in recovery gives none and does not report its timeline. */
function beyond(column: string, sequence: string): string {
  return `CASE WHEN pg_is_in_recovery() THEN false ELSE ${column} > ${TOKEN_BASE} + (SELECT last_value FROM ${sequence}) END`
}

function inRows(part: Part, table: string, rules: Rules): RowInvariants {
  return rowInvariants(part, rules, (all) => {
    const columns = all.map(([name, condition]) => `, (${condition})::int AS ${name}`).join('')
    return read(
      'verify',
      'many',
      `SELECT ${nameAndNext('key')}${columns} FROM ${table} AS entry WHERE ${inRange('key')} ORDER BY key LIMIT $4::int`,
    )
  })
}
