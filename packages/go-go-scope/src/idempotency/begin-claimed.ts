import type { ClaimedKey, ClaimingIdempotencyProvider, LockHandle } from '@go-go-scope/persistence-sqlite-core/ports'
import { Lease } from '../lock/lease.js'
import type { IdempotentRequest, IdempotentTurn } from './begin-idempotent.js'
import { replayable } from './replayable.js'

/** ms after which the key of a process that died is free again. */
const LEASE = 30_000

type Stored<T> = readonly [undefined, T]

/**
 * Claims a key, waiting for whoever is at it, in this process or another. The claim is renewed while the function runs.
 *
 * @returns `undefined` when what is recorded is no success (an older host stores failures too): then there is nothing to
 *   claim, and the key is used as one without claims.
 */
export async function beginClaimed<T>(
  provider: ClaimingIdempotencyProvider,
  { key, ttl, signal, report }: IdempotentRequest,
): Promise<IdempotentTurn<T> | undefined> {
  const claim = await provider.claim<Stored<T>>(key, {
    lease: LEASE,
    wait: Number.POSITIVE_INFINITY,
    signal,
    ...(ttl !== undefined && { ttl }),
  })
  if (claim.state !== 'claimed') {
    const hit = claim.state === 'completed' ? replayable<T>(claim.value) : undefined
    return hit && { replayed: true, value: hit.value }
  }
  // How much of the time went into waiting is not known here; the claim's own signal has the exact end.
  const lease = Lease.keep(handleOf(claim), key, LEASE, performance.now(), report)
  return {
    replayed: false,
    lost: lease.lost.signal,
    async succeeded(value) {
      try {
        const outcome = await claim.complete([undefined, value])
        if (outcome.recorded) return value
        const { current } = outcome
        const held = current.state === 'completed' ? replayable<T>(current.value) : undefined
        if (held !== undefined) return held.value
        report('idempotency.complete', new Error(`The claim of '${key}' was over before its result was reported`))
      } catch (error) {
        report('idempotency.complete', error)
      } finally {
        await lease.release()
      }
      return value
    },
    record: async () => {},
    async failed(error) {
      try {
        await claim.fail(error)
      } catch (failure) {
        report('idempotency.fail', failure)
      } finally {
        await lease.release()
      }
    },
  }
}

/** A claim as something a {@link Lease} can keep. */
function handleOf(claim: ClaimedKey<unknown>): LockHandle & { signal: AbortSignal } {
  return {
    signal: claim.signal,
    isValid: async () => !claim.signal.aborted,
    release: async () => {},
    async extend(lease) {
      if (await claim.renew(lease)) return true
      // False also means that it could not be renewed just now, which is no loss yet.
      if (!claim.signal.aborted) throw new Error('The claim could not be renewed now')
      return false
    },
  }
}
