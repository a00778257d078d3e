import {
  FAULTS,
  type Invariant,
  type InvariantSql,
  invariant,
  type Part,
  type RowInvariants,
  type Rules,
  rowInvariants,
} from '../../../inspect/invariants-sql.js'
import { read } from '../../../queue/statement.js'
import { anyNumbers, inRange, nameAndNext, ofValue } from './pages.js'

const LOCK_COUNTER = 'FROM go_goscope_lock_counter WHERE id = 1'
const CLAIM_CLOCK = 'FROM go_goscope_claim_clock WHERE id = 1'

function inRows(part: Part, table: string, rules: Rules, clocked?: 'wall'): RowInvariants {
  return rowInvariants(part, rules, (all) => {
    const columns = all.map(([name, condition]) => `, ${condition} AS ${name}`).join('')
    const sql = `SELECT ${nameAndNext()}${columns} FROM ${table} WHERE ${inRange()} ORDER BY key LIMIT ?4`
    return read('verify', 'many', sql, { scans: true, ...(clocked && { clocked }) })
  })
}

// A result that had expired when the claim was granted may still be there, also after the wall clock was set back.
const atTheClaim = (expiry: string): string => `(${expiry} IS NULL OR ${expiry} > max(?5, granted_at))`

const ROWS: readonly RowInvariants[] = [
  inRows('locks', 'go_goscope_locks', {
    beyond_counter: [`token > (SELECT token ${LOCK_COUNTER})`, FAULTS.tokenBeyondCounter],
    beyond_clock: [
      `marked_at > (SELECT clock ${LOCK_COUNTER})`,
      'it was granted after the last grant that the clock of locks knows; a clock set back can revive its lease',
    ],
    half_free: ['(holds = 0) <> (expires_at = 0)', FAULTS.halfFree],
  }),
  inRows(
    'claims',
    'go_goscope_claims',
    {
      without_clock: [
        `granted_at > coalesce((SELECT now ${CLAIM_CLOCK}), 0)`,
        'it was granted after the last grant that the clock of claims knows; a clock set back can revive its lease',
      ],
      ends_early: ['expires_at < granted_at', FAULTS.endsEarly],
      beside_result: [
        `EXISTS (SELECT 1 FROM go_goscope_idempotency AS results
  WHERE results.key = go_goscope_claims.key AND ${atTheClaim('results.expires_at')})`,
        'its key has a result, which should have ended it',
      ],
      beside_failure: [
        `EXISTS (SELECT 1 FROM go_goscope_claim_records AS records
  WHERE records.key = go_goscope_claims.key AND failure IS NOT NULL AND ${atTheClaim('records.expires_at')})`,
        'its key has a kept failure, which should have ended it',
      ],
    },
    'wall',
  ),
  inRows('results', 'go_goscope_idempotency', {}),
  inRows('results', 'go_goscope_claim_records', {
    orphan: [
      `failure IS NULL AND NOT EXISTS (
  SELECT 1 FROM go_goscope_idempotency AS results WHERE results.key = go_goscope_claim_records.key
)`,
      'its fingerprint is there and its result is not',
    ],
  }),
  inRows('circuits', 'go_goscope_circuit', {
    orphan_probes: ["state <> 'half-open' AND probes <> '[]'", FAULTS.orphanProbes],
    orphan_successes: ["state <> 'half-open' AND successes <> 0", FAULTS.orphanSuccesses],
    isolated_elsewhere: ["isolated <> 0 AND state <> 'open'", FAULTS.isolatedElsewhere],
  }),
]

/** Without the invariants of the schema; see schema/schema-invariants.ts. */
const DATABASE: readonly Invariant[] = [
  invariant(
    'locks',
    'the counter of tokens is gone: nobody gets a lock',
    `SELECT NULL AS name WHERE NOT EXISTS (SELECT 1 ${LOCK_COUNTER})`,
  ),
  invariant(
    'claims',
    'the clock of claims is gone: a clock set back can revive leases',
    `SELECT NULL AS name WHERE NOT EXISTS (SELECT 1 ${CLAIM_CLOCK})`,
  ),
  invariant(
    'claims',
    'the counter of generations is behind them: it will give one again, and a late report may count',
    `SELECT NULL AS name WHERE (SELECT max(generation) FROM go_goscope_claims) >
  coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'go_goscope_claims'), 0)`,
  ),
  invariant(
    'schema',
    'the time of leases is on record beyond their last grant',
    `SELECT NULL AS name FROM go_goscope_lease_time
WHERE mark > max(coalesce((SELECT clock ${LOCK_COUNTER}), 0), coalesce((SELECT now ${CLAIM_CLOCK}), 0))`,
  ),
  invariant(
    'prefixes',
    FAULTS.prefixesMeet,
    `SELECT prefix AS name FROM (
  SELECT prefix, lag(prefix) OVER (ORDER BY prefix) AS shorter FROM go_goscope_prefixes WHERE idempotency = 'plain'
) WHERE substr(prefix, 1, length(shorter)) = shorter`,
  ),
  invariant(
    'prefixes',
    FAULTS.tasksMeet,
    `SELECT prefix AS name FROM go_goscope_prefixes WHERE checkpoints = 'plain'
  AND (SELECT count(*) FROM go_goscope_prefixes WHERE checkpoints = 'plain') > 1`,
  ),
]

export const invariantSql: InvariantSql = {
  rows: ROWS,
  database: DATABASE,
  checkpoints: read(
    'verify',
    'many',
    `SELECT ${nameAndNext('id')}, id, task_id,
  ${anyNumbers('sequence', 'timestamp', 'progress', 'estimated_time_remaining')}, ${ofValue('data')}
FROM go_goscope_checkpoints WHERE ${inRange('id')} ORDER BY id LIMIT ?4`,
    { scans: true },
  ),
}
