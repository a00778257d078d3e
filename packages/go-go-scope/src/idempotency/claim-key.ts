import type {
  Claim,
  ClaimedKey,
  ClaimingIdempotencyProvider,
  CompletedKey,
  FailedKey,
} from '@go-go-scope/persistence-core/ports'
import { callSafely } from '../errors/reporter.js'
import type { KeyRequest } from './keyed-run.js'
import { replayable, type StoredResult } from './stored-result.js'

/** The key that a process claims while it removes a failure recorded by an older host, and the lease of that claim in ms. */
const REMOVAL_KEY = 'go-go-scope: removal of recorded failures'
const REMOVAL_LEASE = 10_000

/** Claims a key. Waits while another process runs it. Returns the claim, or the result recorded under the key. */
export async function claimKey<T>(
  provider: ClaimingIdempotencyProvider,
  request: KeyRequest,
): Promise<ClaimedKey<StoredResult<T>> | CompletedKey<StoredResult<T>> | FailedKey> {
  const { key, ttl, lease, signal, logger, report } = request
  const options = { lease, signal, ...(ttl !== undefined && { ttl }) }
  const claimNow = (wait?: number): Promise<Claim<StoredResult<T>>> =>
    provider.claim<StoredResult<T>>(key, wait === undefined ? options : { ...options, wait })

  let claim = await claimNow()
  if (claim.state === 'running') {
    const until = new Date(claim.until).toISOString()
    callSafely(report, 'logger', () =>
      logger.info(`waiting for idempotency key '${key}', which is claimed until ${until} unless that is renewed`),
    )
  }
  for (;;) {
    if (claim.state === 'running') claim = await claimNow(Number.POSITIVE_INFINITY)
    else if (isOldFailure(key, claim)) claim = await removeOldFailure(provider, request, claimNow)
    else return claim
  }
}

/** Whether the result is a failure recorded by an older host. Such a key runs again. */
function isOldFailure(key: string, claim: Claim<unknown>): boolean {
  return claim.state === 'completed' && replayable(key, claim.value) === undefined
}

/**
 * Removes the failure and claims the key. One process at a time does this. It reads the key again first, because another
 * process may have run the key since the first read, and its result must not be removed.
 */
async function removeOldFailure<T>(
  provider: ClaimingIdempotencyProvider,
  { key, signal, report }: KeyRequest,
  claimNow: () => Promise<Claim<T>>,
): Promise<Claim<T>> {
  const removal = await provider.claim(REMOVAL_KEY, { lease: REMOVAL_LEASE, signal, wait: Number.POSITIVE_INFINITY })
  try {
    const claim = await claimNow()
    if (!isOldFailure(key, claim)) return claim
    await provider.delete(key)
    return await claimNow()
  } finally {
    // If this fails, the removal key is released when its lease expires.
    if (removal.state === 'claimed') await callSafely(report, 'idempotency.fail', () => removal.fail(undefined))
  }
}
