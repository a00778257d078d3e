import assert from 'node:assert/strict'
import type { Claim, ClaimedKey } from '@go-go-scope/persistence-core/ports'
import type { AdapterUnderTest, LeaseUnderTest } from './engine-under-test.js'

export function held<T>(claim: Claim<T>): ClaimedKey<T> {
  assert.equal(claim.state, 'claimed')
  return claim as ClaimedKey<T>
}

export async function taken(
  adapter: AdapterUnderTest,
  key: string,
  ttl = 1_000,
  owner?: string,
): Promise<LeaseUnderTest> {
  const handle = await adapter.lock.acquire(key, ttl, owner)
  assert.ok(handle !== null, `${key} should have been free`)
  return handle
}
