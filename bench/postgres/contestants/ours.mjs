import { PostgresAdapter } from '@go-go-scope/persistence-postgres'

/** This repository's adapter, by `pg`. @param {{ url: string, schema: string }} place */
export async function open({ url, schema }) {
  const adapter = await PostgresAdapter.open(url, { schema, durability: 'process' })
  const { cache, circuitBreaker, checkpoint, lock } = adapter
  return { cache, breaker: circuitBreaker, checkpoint, lock }
}
