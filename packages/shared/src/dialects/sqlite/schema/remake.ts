import { MAX_WAITING } from '../../../queue/backlog.js'
import type { Step } from '../../../queue/statement.js'
import { CREATE_CIRCUIT } from './circuit-columns.js'
import type { KnownObject } from './known-objects.js'
import { CIRCUIT_TABLE, PUBLISHED_TABLES } from './published-tables.js'

// Updates data that triggers maintain, after the triggers were missing.
const BEHIND: readonly { readonly triggers: RegExp; readonly sql: string }[] = [
  {
    triggers: /^go_goscope_locks_(inserted|updated)$/,
    // Rows of locks come and go, so their tokens may be lower than the last one granted. Without its triggers the counter does
    // not advance, and one statement grants at most as many tokens beyond it as calls may wait.
    sql: `UPDATE go_goscope_lock_counter SET
  token = max(token, coalesce((SELECT max(token) FROM go_goscope_locks), 0)) + ${MAX_WAITING},
  clock = max(clock, coalesce((SELECT max(marked_at) FROM go_goscope_locks), 0))
WHERE id = 1`,
  },
  {
    triggers: /^go_goscope_claim_(granted|renewed)$/,
    sql: `UPDATE go_goscope_claim_clock SET
  now = max(now, coalesce((SELECT max(granted_at) FROM go_goscope_claims), 0)) WHERE id = 1`,
  },
  { triggers: /^go_goscope_time_/, sql: 'DELETE FROM go_goscope_lease_time' },
]

/** Returns steps that recreate objects dropped from a file of the current version, if that is safe. */
export function remakingSteps(absent: readonly KnownObject[]): Step[] {
  const names = absent.map(({ name }) => name)
  const behind = BEHIND.filter(({ triggers }) => names.some((name) => triggers.test(name)))
  const tables = PUBLISHED_TABLES.filter(({ name }) => names.includes(name))
  const others = absent.filter(({ type }) => type !== 'table')
  return [
    ...tables.map(({ name, create }) => (name === CIRCUIT_TABLE.name ? CREATE_CIRCUIT : create)),
    ...behind.map(({ sql }) => sql),
    // IF NOT EXISTS, because another process may have been first.
    ...others.map(({ create }) => create.replace(/^(CREATE \w+) (?!IF NOT EXISTS)/, '$1 IF NOT EXISTS ')),
  ].map((sql) => ({ sql }))
}
