import type {
  Claim,
  ClaimedKey,
  ClaimingIdempotencyProvider,
  CompletedKey,
  FailedKey,
} from '@go-go-scope/persistence-sqlite-core/ports'
import { callSafely } from '../errors/reporter.js'
import type { IdempotentRequest } from './idempotent-turn.js'
import { replayable, type StoredResult } from './stored-result.js'

/** Whoever removes the failure of an older host holds this key meanwhile, for at most so long (ms). */
const REMOVAL_KEY = 'go-go-scope: removal of recorded failures'
const REMOVAL_LEASE = 10_000

/** Claims a key, waiting for whoever is at it in another process; or what is on record for it. */
export async function takeKey<T>(
  provider: ClaimingIdempotencyProvider,
  request: IdempotentRequest,
): Promise<ClaimedKey<StoredResult<T>> | CompletedKey<StoredResult<T>> | FailedKey> {
  const { key, ttl, lease, signal, logger, report } = request
  const options = { lease, signal, ...(ttl !== undefined && { ttl }) }
  const ask = (wait?: number): Promise<Claim<StoredResult<T>>> =>
    provider.claim<StoredResult<T>>(key, wait === undefined ? options : { ...options, wait })

  let claim = await ask()
  if (claim.state === 'running') {
    const until = new Date(claim.until).toISOString()
    callSafely(report, 'logger', () =>
      logger.info(`waiting for idempotency key '${key}', which is claimed until ${until} unless that is renewed`),
    )
  }
  for (;;) {
    if (claim.state === 'running') claim = await ask(Number.POSITIVE_INFINITY)
    else if (isOldFailure(key, claim)) claim = await overOldFailure(provider, request, ask)
    else return claim
  }
}

/** Hosts before this one stored failures too, as results that are to run again. */
function isOldFailure(key: string, claim: Claim<unknown>): boolean {
  return claim.state === 'completed' && replayable(key, claim.value) === undefined
}

/**
 * Removes the failure and claims the key. One process at a time, and only after another look: between a first look and
 * the removal another process could have run the key, and its result would be removed.
 */
async function overOldFailure<T>(
  provider: ClaimingIdempotencyProvider,
  { key, signal, report }: IdempotentRequest,
  ask: () => Promise<Claim<T>>,
): Promise<Claim<T>> {
  const turn = await provider.claim(REMOVAL_KEY, { lease: REMOVAL_LEASE, signal, wait: Number.POSITIVE_INFINITY })
  try {
    const claim = await ask()
    if (!isOldFailure(key, claim)) return claim
    await provider.delete(key)
    return await ask()
  } finally {
    // Its own lease frees it otherwise.
    if (turn.state === 'claimed') await callSafely(report, 'idempotency.fail', () => turn.fail(undefined))
  }
}
