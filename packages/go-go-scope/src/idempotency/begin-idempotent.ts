import type { IdempotencyProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import type { Reporter } from '../errors/reporter.js'
import { replayable } from './replayable.js'

/** The answer of the store before a run: its recorded value, or the right to run and to record what comes out. */
export type IdempotentTurn<T> =
  | { readonly replayed: true; readonly value: T }
  | { readonly replayed: false; record(value: T): Promise<void> }

/**
 * Looks a key up before its task runs. A store that fails is reported and otherwise counts as empty: the task then
 * runs, and its result stands although it could not be recorded.
 *
 * @param ttl ms the result is kept; absent means for ever.
 */
export async function beginIdempotent<T>(
  provider: IdempotencyProvider,
  key: string,
  ttl: number | undefined,
  report: Reporter,
): Promise<IdempotentTurn<T>> {
  try {
    const entry = await provider.get<unknown>(key)
    const hit = entry === null ? undefined : replayable<T>(entry.value)
    if (hit !== undefined) return { replayed: true, value: hit.value }
  } catch (error) {
    report('idempotency.get', error)
  }
  return {
    replayed: false,
    async record(value) {
      try {
        await provider.set(key, [undefined, value], ttl)
      } catch (error) {
        report('idempotency.set', error)
      }
    },
  }
}
