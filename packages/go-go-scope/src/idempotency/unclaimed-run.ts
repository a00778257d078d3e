import type { IdempotencyProvider } from '@go-go-scope/persistence-core/ports'
import type { KeyRequest, ReplayOrRun } from './keyed-run.js'
import { saysNotStored } from './result-not-stored-error.js'
import { replayable, reportUnstored, type StoredResult, storeResult } from './stored-result.js'

/**
 * Returns the recorded result of a key from a store that has only `get` and `set`, or starts a run without a claim. A
 * failure of `get` is reported, and the key then counts as new, because the task's result is valid even if it cannot be
 * recorded.
 *
 * @throws (as a rejection) a `ResultNotStoredError` if the key was run and its result was not stored.
 */
export async function replayOrRunUnclaimed<T>(
  provider: IdempotencyProvider,
  request: KeyRequest,
): Promise<ReplayOrRun<T>> {
  const { key, ttl, report } = request
  try {
    const recorded = await getRecorded<T>(provider, key)
    if (recorded !== undefined) return { replayed: true, value: recorded.value }
  } catch (error) {
    if (saysNotStored(error)) throw error
    report('idempotency.get', error)
  }
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
          if ((await getRecorded(provider, key)) === undefined) await store(mark)
          return true
        })
      }
    },
  }
}

async function getRecorded<T>(provider: IdempotencyProvider, key: string): Promise<{ value: T } | undefined> {
  const entry = await provider.get<unknown>(key)
  return entry === null ? undefined : replayable<T>(key, entry.value)
}
