import type { IdempotencyProvider } from '@go-go-scope/persistence-sqlite-core/ports'
import type { IdempotentAnswer, IdempotentRequest } from './idempotent-turn.js'
import { replayable, type StoredResult } from './replayable.js'

/**
 * Looks a key up in a store that only knows `get` and `set`. One that fails is reported and otherwise counts as empty:
 * the task then runs, and its result stands although it could not be recorded. Never rejects.
 */
export async function lookUp<T>(
  provider: IdempotencyProvider,
  { key, ttl, report }: IdempotentRequest,
): Promise<IdempotentAnswer<T>> {
  try {
    const entry = await provider.get<unknown>(key)
    const hit = entry === null ? undefined : replayable<T>(entry.value)
    if (hit !== undefined) return { replayed: true, value: hit.value }
  } catch (error) {
    report('idempotency.get', error)
  }
  return {
    replayed: false,
    succeeded: (value) => value,
    async record(value) {
      try {
        await provider.set<StoredResult<T>>(key, [undefined, value], ttl)
      } catch (error) {
        report('idempotency.set', error)
      }
    },
  }
}
