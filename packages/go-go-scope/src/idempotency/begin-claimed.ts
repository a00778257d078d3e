import type { ClaimedKey, ClaimingIdempotencyProvider, LockHandle } from '@go-go-scope/persistence-sqlite-core/ports'
import { callSafely } from '../errors/call-safely.js'
import { Lease } from '../lock/lease.js'
import type { IdempotentRequest, IdempotentTurn } from './begin-idempotent.js'
import { replayable } from './replayable.js'

/** Share of the lease after which it is renewed: two renewals may fail before it ends. */
const RENEW_AFTER = 1 / 3

type Stored<T> = readonly [undefined, T]

/**
 * Claims a key, waiting for whoever is at it, in this process or another. The claim is renewed while the function runs.
 *
 * @returns `undefined` when what is recorded is no success (an older host stores failures too): then there is nothing to
 *   claim, and the key is used as one without claims.
 */
export async function beginClaimed<T>(
  provider: ClaimingIdempotencyProvider,
  { key, ttl, lease, signal, logger, report }: IdempotentRequest,
): Promise<IdempotentTurn<T> | undefined> {
  const options = { lease, ...(ttl !== undefined && { ttl }) }
  let claim = await provider.claim<Stored<T>>(key, { ...options, signal })
  if (claim.state === 'running') {
    const until = new Date(claim.until).toISOString()
    callSafely(report, 'logger', () =>
      logger.info(`waiting for idempotency key '${key}', which is claimed until ${until} unless that is renewed`),
    )
    claim = await provider.claim<Stored<T>>(key, { ...options, signal, wait: Number.POSITIVE_INFINITY })
  }
  if (claim.state !== 'claimed') {
    const hit = claim.state === 'completed' ? replayable<T>(claim.value) : undefined
    return hit && { replayed: true, value: hit.value }
  }
  const held = claim
  // How much of the time went into waiting is not known here; the claim's own signal has the exact end.
  const kept = new Lease(handleOf(held), key, lease, lease * RENEW_AFTER, performance.now(), report)
  const giveBack = async (error: unknown): Promise<void> => {
    try {
      await held.fail(error)
    } catch (failure) {
      report('idempotency.fail', failure)
    }
  }
  const record = async (value: T): Promise<T> => {
    let outcome = await held.complete([undefined, value])
    if (!outcome.recorded && outcome.current.state === 'vacant') {
      // The function blocked the event loop for longer than the lease, and nobody has taken over.
      const again = await provider.claim<Stored<T>>(key, options)
      outcome =
        again.state === 'claimed' ? await again.complete([undefined, value]) : { recorded: false, current: again }
    }
    if (outcome.recorded) return value
    const { current } = outcome
    const theirs = current.state === 'completed' ? replayable<T>(current.value) : undefined
    if (theirs === undefined) throw new Error(`The claim of '${key}' was over before its result was reported`)
    return theirs.value
  }
  return {
    replayed: false,
    lost: kept.lost.signal,
    async succeeded(value) {
      try {
        return await record(value)
      } catch (error) {
        report('idempotency.complete', error)
        // A result that cannot be recorded must not keep others waiting for it.
        await giveBack(error)
        return value
      } finally {
        await kept.release()
      }
    },
    record: async () => {},
    async failed(error) {
      await giveBack(error)
      await kept.release()
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
