import assert from 'node:assert/strict'
import type { Claim, ClaimedKey } from '@go-go-scope/persistence-core/ports'

export function held<T>(claim: Claim<T>): ClaimedKey<T> {
  assert.equal(claim.state, 'claimed')
  return claim as ClaimedKey<T>
}
