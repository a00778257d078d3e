import type { IdempotencyProvider } from '@go-go-scope/persistence-core/ports'
import type { KeyRequest, ReplayOrRun } from './keyed-run.js'
import { saysNotStored } from './result-not-stored-error.js'
import { replayable, reportUnstored, type StoredResult, storeResult } from './stored-result.js'

/**
 * Returns the recorded result of a key from a store that has only `get` and `set`, or starts a run without a claim. A
 * failure of `get` is reported, and the key then counts as new, because the task's result is valid even if it cannot be
 * recorded.
 *
 * @throws (as a rejection) what {@link replayable} throws: the work of the key may have been done.
 */
export async function replayOrRunUnclaimed<T>(
  provider: IdempotencyProvider,
  request: KeyRequest,
): Promise<ReplayOrRun<T>> {
  const { key, ttl, report } = request
  let stored: { value: unknown } | undefined
  try {
    stored = await read(provider, key)
  } catch (error) {
    if (saysNotStored(error)) throw error
    report('idempotency.get', error)
  }
  const recorded = stored && replayable<T>(key, stored.value)
  if (recorded !== undefined) return { replayed: true, value: recorded.value }
  const store = (result: StoredResult<T>): Promise<void> => provider.set<StoredResult<T>>(key, result, ttl)
  return {
    replayed: false,
    succeeded: (value) => value,
    async record(value) {
      try {
        await storeResult(() => store([undefined, value]))
      } catch (error) {
        await reportUnstored(request, 'idempotency.set', error, async (mark) => {
          // Another process may have run the key too. Its result is better than the mark.
          const current = await read(provider, key)
          if (current === undefined || replayable(key, current.value) === undefined) await store(mark)
          return true
        })
      }
    },
  }
}

async function read(provider: IdempotencyProvider, key: string): Promise<{ value: unknown } | undefined> {
  const entry = await provider.get<unknown>(key)
  return entry === null ? undefined : { value: entry.value }
}
