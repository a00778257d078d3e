import { randomUUID } from 'node:crypto'
import { idempotencyKey } from '@go-go-scope/idempotency-key/hono'
import { type BackupSchedule, CircuitOpenError } from '@go-go-scope/persistence'
import { inspector } from '@go-go-scope/persistence-inspector'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { Metrics } from '../metrics/metrics.ts'
import { type Bank, BankError } from './bank.ts'
import type { Persistence } from './database.ts'
import type { Payouts } from './payouts.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

export interface Parts {
  persistence: Persistence
  backups: BackupSchedule | undefined
  bank: Bank
  payouts: Payouts
  metrics: Metrics
  /** The token of the inspector. */
  token: string
}

/** Makes the routes. They keep all state in the database, so any process can answer any request. */
export function createApp({ persistence, backups, bank, payouts, metrics, token }: Parts): Hono {
  const app = new Hono()
  const { cache, idempotency } = persistence

  // Concurrent callers share one request to the bank. After a minute, the old rate is returned while a new one is loaded.
  app.get('/rates/:currency', async (c) => {
    const currency = c.req.param('currency')
    const load = () => bank.rate(currency)
    return c.json(await cache.getOrSet(`rate:${currency}`, load, { ttl: MINUTE, staleWhileRevalidate: HOUR }))
  })

  // A request with a key is handled once over all processes. A repeated request gets the first response.
  const once = idempotencyKey({ store: idempotency, scope: user, wait: 10_000 })

  for (const path of ['/payments', '/payouts']) app.post(path, authenticated)

  app.post('/payments', once, async (c) => {
    const { amount } = await c.req.json<{ amount: number }>()
    // The bank gets the key too, because this process may die before it has stored the response.
    return c.json(await bank.charge(`${user(c)}/${c.req.header('idempotency-key')}`, amount), 201)
  })

  app.post('/payouts', once, async (c) => {
    const { people } = await c.req.json<{ people: number }>()
    const id = `payout-${randomUUID()}`
    await payouts.order(id, people)
    return c.json({ id }, 202)
  })

  app.get('/payouts/:id', async (c) => {
    const payout = await payouts.find(c.req.param('id'))
    return payout === undefined ? c.notFound() : c.json(payout)
  })

  app.post('/backups', async (c) => {
    if (backups === undefined) return c.json({ error: 'the server has backups of its own' }, 501)
    return c.json(await backups.run(), 201)
  })

  // Shows who holds which lock, the progress of jobs, and open circuits: /inspector#token=…
  const inspect = inspector(persistence, { token })
  app.get('/inspector', (c) => inspect(c.req.raw))

  app.get('/metrics', async (c) => c.text(await metrics.text()))

  app.onError((error, c) => {
    if (error instanceof CircuitOpenError) {
      const { retryAt } = error
      if (retryAt !== undefined) c.header('retry-after', String(Math.ceil((retryAt - Date.now()) / 1000)))
      return c.json({ error: 'the bank does not answer; it is asked again in a while' }, 503)
    }
    if (error instanceof BankError) return c.json({ error: error.message }, 502)
    console.error(error)
    return c.json({ error: 'something went wrong here' }, 500)
  })

  return app
}

/** A placeholder for your authentication. Idempotency keys are stored per user. */
const authenticated: MiddlewareHandler = async (c, next) => {
  return user(c) === '' ? c.json({ error: 'who are you? send x-user' }, 401) : await next()
}

function user(c: Context): string {
  return c.req.header('x-user') ?? ''
}
