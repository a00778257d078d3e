import type { Row } from '@go-go-scope/persistence-core/dialect'
import type { Wire } from './wire.js'

const BACKEND = 'SELECT pg_backend_pid()::int AS backend'
// What waits for a whole table, which no `lock_timeout` of the statement itself limits, is cancelled.
const AT_WORK = `SELECT CASE WHEN wait_event_type = 'Lock' AND wait_event = 'relation' THEN pg_cancel_backend(pid)::int END AS cancelled
FROM pg_stat_activity WHERE pid = $1::int AND state = 'active'`

/** The number by which another connection can ask the server after this one; `undefined` where it is that of a pooler. */
export async function knownBackend(wire: Wire): Promise<number | undefined> {
  const { backend } = wire
  if (backend === undefined) return undefined
  const [row] = await wire.run(BACKEND, [], undefined)
  return row?.backend === backend ? backend : undefined
}

/** One row where the server says of a connection that its statement runs. */
export function statementOf(backend: number, asking: Wire): Promise<Row[]> {
  return asking.run(AT_WORK, [backend], undefined)
}
