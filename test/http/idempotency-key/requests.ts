import { type IdempotencyKeyOptions, idempotent } from '@go-go-scope/idempotency-key'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'

export const clock = new ManualClock()
export const { idempotency: store } = await SQLiteAdapter.open(':memory:', { clock })

/** Returns a guarded handler with a separate key space. */
export function guarded(
  handler: (request: Request) => Response | Promise<Response>,
  options: Partial<IdempotencyKeyOptions<Request>> = {},
): (request: Request) => Promise<Response> {
  const scope = crypto.randomUUID()
  return idempotent(handler, { store, scope: () => scope, ...options })
}

export function request(key = 'key', body = ''): Request {
  return new Request('http://app.test/', { method: 'POST', body, headers: { 'idempotency-key': key } })
}
