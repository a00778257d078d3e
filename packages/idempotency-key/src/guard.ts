import { type Claim, invalidArgument, PersistenceError } from '@go-go-scope/persistence-core/integration'
import { fingerprintOf } from './fingerprint.js'
import { answerOf, GuardedRun } from './guarded-run.js'
import type { KeptResponse } from './kept-response.js'
import { type IdempotencyKeyOptions, type Settings, settingsOf } from './options.js'
import { parseKey } from './parse-key.js'
import { malformedKey, missingKey, otherRequest, outstandingRequest, responseNotKept } from './problem-response.js'

/** A request, independent of the framework. */
export interface IncomingRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The header `Idempotency-Key`. */
  readonly key: string | null | undefined
  /** Aborts when the client disconnects. */
  readonly signal?: AbortSignal
  /** Returns the body. The handler can still read it afterwards. */
  body(): Promise<Uint8Array | string>
}

/** Decides, before a handler runs, whether its request is handled, replayed or refused. */
export class Guard<Source> {
  readonly #settings: Settings<Source>

  /** @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  constructor(options: IdempotencyKeyOptions<Source>) {
    this.#settings = settingsOf(options)
  }

  /** The maximum length in bytes of a body that is kept. */
  get maxBody(): number {
    return this.#settings.maxBody
  }

  /**
   * Claims the key of a request.
   *
   * @returns the response if the request must not be handled; otherwise its run, or `undefined` if it is handled without a
   *   guard.
   */
  async begin(request: IncomingRequest, source: Source): Promise<Response | GuardedRun | undefined> {
    const { methods, required } = this.#settings
    if (!methods.has(request.method)) return undefined
    if (typeof request.key !== 'string') return required ? missingKey() : undefined
    const key = parseKey(request.key)
    if (key === undefined) return malformedKey()
    const stored = `http:${JSON.stringify([await this.#scope(source), key])}`
    try {
      const claim = await this.#claim(stored, request, source)
      if (claim.state === 'claimed') return new GuardedRun(claim, stored, this.#settings as Settings<never>)
      if (claim.state === 'completed') return answerOf(claim.value)
      if (claim.state === 'running') return outstandingRequest()
      // This package stores no failures, so other code has stored this one.
      throw claim.error
    } catch (error) {
      const code = error instanceof PersistenceError && error.code
      if (code === 'FINGERPRINT_MISMATCH') return otherRequest()
      if (code === 'RESULT_NOT_STORED') return responseNotKept()
      throw error
    }
  }

  async #claim(stored: string, request: IncomingRequest, source: Source): Promise<Claim<KeptResponse>> {
    const { store, lease, ttl, wait, fingerprint } = this.#settings
    return store.claim<KeptResponse>(stored, {
      lease,
      ttl,
      wait,
      ...(request.signal && { signal: request.signal }),
      fingerprint: fingerprint
        ? await fingerprint(source)
        : fingerprintOf(request.method, request.target, await request.body()),
    })
  }

  async #scope(source: Source): Promise<string> {
    const scope = await this.#settings.scope(source)
    if (typeof scope === 'string' && scope !== '') return scope
    throw invalidArgument(
      'idempotencyKey',
      `option scope must give a string that is not empty, got ${JSON.stringify(scope)}; where all share their keys, give a constant`,
    )
  }
}
