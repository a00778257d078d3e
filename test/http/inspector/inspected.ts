import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type InspectorOptions, inspector } from '@go-go-scope/persistence-inspector'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'

export const TOKEN = 'the token of the tests'
/** A stored value that is shown only on request. */
export const SECRET = 'a secret value'
/** A key that nobody may see without permission. */
export const KEY = 'nightly-report'

export const clock = new ManualClock()
/** The handle below the adapter. */
export const db = new DatabaseSync(':memory:')
export const persistence = new SQLiteAdapter(db, { clock, locks: 'database', keyPrefix: 'shop:' })
await persistence.connect()
/** The end of the lock's lease, in epoch ms. Tests share the clock and move it. */
export const LEASE_ENDS: number = clock.now() + 3_600_000
await persistence.lock.acquire(KEY, 3_600_000, 'ada')
await persistence.cache.set('session:1', SECRET)
await persistence.idempotency.set('charge:1', { receipt: SECRET })
await persistence.checkpoint.save({
  ...{ id: 'c1', taskId: 'import', sequence: 1, progress: 41.9, data: { done: SECRET } },
  ...{ timestamp: clock.now(), estimatedTimeRemaining: 90_000 },
})

/** Returns the inspector of the database of these tests. */
export function inspectorOf(
  options: Partial<InspectorOptions> = { token: TOKEN },
): (request: Request) => Promise<Response> {
  return inspector(persistence, { clock, ...options } as InspectorOptions)
}

/** Returns a request of a browser that shows the page. @param query empty for the page itself */
export function requestFor(query: string, init: RequestInit = {}): Request {
  return new Request(`http://localhost:3000/inspector${query}`, {
    ...init,
    headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
  })
}

export const OVERVIEW = '?view=overview'
