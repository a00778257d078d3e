import { anySignal } from '../../arguments/abort-signal.js'
import { invalidArgument, shown } from '../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import { failureOf } from '../../errors/failure-of.js'
import { PersistenceError, type PersistenceErrorCode } from '../../errors/persistence-error.js'
import type { Claim, ClaimedKey, ClaimOptions, ClaimOutcome } from '../../ports/claims.js'
import type { Session } from '../../session/session.js'
import { WakeUp } from '../../time/wake-up.js'
import { type ClaimRequest, claimRequest } from './claim-options.js'

const OPERATION = 'idempotency.once'
const DEFAULT_LEASE_MS = 30_000
const PAUSE_MS = 100

// After these, the same report may succeed, or has succeeded already.
const TRANSIENT: ReadonlySet<PersistenceErrorCode> = new Set(['BUSY', 'QUEUE_FULL', 'UNAVAILABLE', 'OUTCOME_UNKNOWN'])

/** How `idempotency.once` claims a key. */
export interface OnceOptions extends Pick<ClaimOptions, 'ttl' | 'fingerprint'> {
  /**
   * ms for which the key stays claimed after its process died. The lease is renewed every third of it, so it must be longer than
   * the work ever blocks the event loop. Default 30,000.
   */
  lease?: number | undefined
  /**
   * Ends the wait for the run of another caller: the call rejects with the reason of the signal and claims nothing. Once the work
   * runs, the signal that it gets aborts too.
   */
  signal?: AbortSignal | undefined
}

/** What the work of `idempotency.once` gets. */
export interface OnceRun {
  /** Aborts with a `CLAIM_LOST` error when the claim is lost, and with the reason of the option `signal` when that aborts. */
  readonly signal: AbortSignal
  /** Fencing token of the claim: it grows with every claim in the database. */
  readonly generation: number
}

const OPTIONS: OptionNames<OnceOptions> = { lease: true, ttl: true, fingerprint: true, signal: true }

/** Runs the work of a key under a claim, or returns the result of another run. */
export async function runOnce<T>(
  session: Session,
  claimKey: (request: ClaimRequest) => Promise<Claim<T>>,
  key: string,
  work: (run: OnceRun) => T | PromiseLike<T>,
  options: OnceOptions = {},
): Promise<T> {
  if (typeof work !== 'function') {
    throw invalidArgument(
      OPERATION,
      `work must be a function, got ${shown(work)}; pass the function that does the work`,
    )
  }
  const { lease = DEFAULT_LEASE_MS, ...given } = readOptions(options, OPTIONS, OPERATION)
  const wanted = { ...given, lease, wait: Number.POSITIVE_INFINITY, renew: true }
  const request = claimRequest(key, wanted, session.maxKeyLength, OPERATION)
  const claim = await claimKey(request).catch((error: unknown) => {
    throw error === given.signal?.reason ? error : ofOnce(error)
  })
  if (claim.state === 'completed') return claim.value
  if (claim.state === 'failed') throw claim.error
  // A wait without end never returns `running`.
  const held = claim as ClaimedKey<T>
  const { signal, generation } = held
  let value: T
  try {
    value = await work({ signal: given.signal === undefined ? signal : anySignal([signal, given.signal]), generation })
  } catch (error) {
    // The caller needs the error of the work more than that of the report. Without a report, the key is free after its lease.
    await held.fail(error).catch((problem: unknown) => session.diagnostics.backgroundError(OPERATION, problem))
    throw error
  }
  const outcome = await reported(session, held, value)
  if (outcome.recorded) return value
  const { current } = outcome
  if (current.state === 'completed') return current.value
  if (current.state === 'failed') throw current.error
  throw current.state === 'unstored' ? ofOnce(current.error) : signal.reason
}

/** Returns an error of the store by the name of this call; those of connecting name `connect`, as for every call. */
const ofOnce = (error: unknown): unknown =>
  error instanceof PersistenceError && error.operation !== 'connect' ? failureOf(error, OPERATION) : error

/** Reports the result, repeatedly while the store cannot take it: after the lease, the work would be done again. */
async function reported<T>({ clock }: Session, claim: ClaimedKey<T>, value: T): Promise<ClaimOutcome<T>> {
  const pause = new WakeUp()
  for (;;) {
    try {
      return await claim.complete(value)
    } catch (error) {
      if (!(error instanceof PersistenceError && TRANSIENT.has(error.code))) throw ofOnce(error)
      await pause.next(clock, PAUSE_MS, claim.signal).catch(() => {
        // The claim is lost. This error says why the result is not stored.
        throw ofOnce(error)
      })
    }
  }
}
