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

/** The process that removes a failure of an older host claims this key meanwhile, with this lease (ms). */
const REMOVAL_KEY = 'go-go-scope: removal of recorded failures'
const REMOVAL_LEASE = 10_000

/** Claims a key, waiting while another process runs it. @returns the claim, or what is recorded under the key. */
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

/** Hosts before this one stored failures too, as results of keys that run again. */
function isOldFailure(key: string, claim: Claim<unknown>): boolean {
  return claim.state === 'completed' && replayable(key, claim.value) === undefined
}

/**
 * Removes the failure and claims the key. One process at a time does this, and reads the key again before it removes:
 * another process could have run the key since the first read, and its result would be removed.
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
    // If this fails, the removal key is free when its lease is over.
    if (removal.state === 'claimed') await callSafely(report, 'idempotency.fail', () => removal.fail(undefined))
  }
}
