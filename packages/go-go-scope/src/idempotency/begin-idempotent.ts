import type { ClaimingIdempotencyProvider, IdempotencyProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import type { Reporter } from '../errors/reporter.js'
import type { Logger } from '../logging/logger.js'
import { beginClaimed } from './begin-claimed.js'
import { replayable } from './replayable.js'

/** What one run asks the store. */
export interface IdempotentRequest {
  readonly key: string
  /** ms the result is kept; `undefined` for ever. */
  readonly ttl: number | undefined
  /** ms a claim lasts unless it is renewed. */
  readonly lease: number
  /** Ends the wait for somebody else's run. */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly report: Reporter
}

/** The answer of the store before a run: a recorded value, or the right to run and to report what came out. */
export type IdempotentTurn<T> = { readonly replayed: true; readonly value: T } | IdempotentRun<T>

export interface IdempotentRun<T> {
  readonly replayed: false
  /** Aborts when the right to run was lost to somebody else. */
  readonly lost?: AbortSignal
  /** The function succeeded. @returns the value that holds: another one's, if that was recorded first. Never rejects. */
  succeeded(value: T): Promise<T> | T
  /** The task has ended with a success. Never rejects. */
  record(value: T): Promise<void>
  /** The run failed or was aborted; nothing is recorded. Never rejects. */
  failed(error: unknown): Promise<void>
}

/**
 * Looks a key up before its task runs, or claims it where the provider can. A store that only knows `get` and `set` and
 * fails is reported and otherwise counts as empty: the task then runs, and its result stands although it could not be
 * recorded. Rejects with what a claim rejects with: its provider promises one run over all processes.
 */
export async function beginIdempotent<T>(
  provider: IdempotencyProvider,
  request: IdempotentRequest,
): Promise<IdempotentTurn<T>> {
  if ('claim' in provider && typeof provider.claim === 'function') {
    const turn = await beginClaimed<T>(provider as ClaimingIdempotencyProvider, request)
    if (turn !== undefined) return turn
  } else {
    try {
      const entry = await provider.get<unknown>(request.key)
      const hit = entry === null ? undefined : replayable<T>(entry.value)
      if (hit !== undefined) return { replayed: true, value: hit.value }
    } catch (error) {
      request.report('idempotency.get', error)
    }
  }
  return {
    replayed: false,
    succeeded: (value) => value,
    async record(value) {
      try {
        await provider.set(request.key, [undefined, value], request.ttl)
      } catch (error) {
        request.report('idempotency.set', error)
      }
    },
    failed: async () => {},
  }
}
