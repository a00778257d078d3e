import type { ManualClock } from '../manual-clock.js'
import { ReferenceCache } from './reference-cache.js'
import { ReferenceCheckpoints } from './reference-checkpoints.js'
import { ReferenceCircuitBreaker } from './reference-circuit-breaker.js'
import { ReferenceIdempotency } from './reference-idempotency.js'
import { ReferenceLocks } from './reference-locks.js'

/** The ports in their simplest form, with which the model tests compare an engine. */
export interface ReferenceProviders {
  readonly lock: ReferenceLocks
  readonly circuitBreaker: ReferenceCircuitBreaker
  readonly cache: ReferenceCache
  readonly idempotency: ReferenceIdempotency
  readonly checkpoint: ReferenceCheckpoints
}

export function referenceProviders(clock: ManualClock): ReferenceProviders {
  return {
    lock: new ReferenceLocks(clock.monotonic),
    circuitBreaker: new ReferenceCircuitBreaker(clock.now),
    cache: new ReferenceCache(clock.now),
    idempotency: new ReferenceIdempotency(clock.now),
    checkpoint: new ReferenceCheckpoints(),
  }
}
