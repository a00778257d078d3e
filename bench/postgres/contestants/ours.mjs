import { PostgresAdapter } from '@go-go-scope/persistence-postgres'

/**
 * This repository's adapter, by `pg`; or several, whose locks are acquired in rotation.
 *
 * @param {{ url: string, schema: string, adapters: number }} place
 */
export async function open({ url, schema, adapters }) {
  const options = { schema, durability: 'process' }
  const all = []
  while (all.length < adapters) all.push(await PostgresAdapter.open(url, options))
  const [{ cache, circuitBreaker, checkpoint, lock }] = all
  if (adapters === 1) return { cache, breaker: circuitBreaker, checkpoint, lock }
  let next = 0
  return { lock: { acquire: (key, ttl) => all[next++ % adapters].lock.acquire(key, ttl) } }
}
