import { MAX_WAITING } from '../../../queue/backlog.js'
import type { Step } from '../../../queue/statement.js'
import { CREATE_CIRCUIT } from './circuit-columns.js'
import type { KnownObject } from './known-objects.js'
import { CIRCUIT_TABLE, PUBLISHED_TABLES } from './published-tables.js'

// What a trigger kept up to date may have fallen behind while it was gone.
const BEHIND: readonly { readonly triggers: RegExp; readonly sql: string }[] = [
  {
    triggers: /^go_goscope_locks_(inserted|updated)$/,
    // Rows of locks come and go, so what the rows tell may be less than what was given. Without its triggers the counter
    // stands still, and one statement gives at most as many tokens beyond it as calls may wait.
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

/** Makes again what was dropped from a file of the current version, where that is safe. */
export function remakingSteps(absent: readonly KnownObject[]): Step[] {
  const names = absent.map(({ name }) => name)
  const behind = BEHIND.filter(({ triggers }) => names.some((name) => triggers.test(name)))
  const tables = PUBLISHED_TABLES.filter(({ name }) => names.includes(name))
  const others = absent.filter(({ type }) => type !== 'table')
  return [
    ...tables.map(({ name, create }) => (name === CIRCUIT_TABLE.name ? CREATE_CIRCUIT : create)),
    ...behind.map(({ sql }) => sql),
    // Another process may have been first.
    ...others.map(({ create }) => create.replace(/^(CREATE \w+) (?!IF NOT EXISTS)/, '$1 IF NOT EXISTS ')),
  ].map((sql) => ({ sql, parameters: [] }))
}
