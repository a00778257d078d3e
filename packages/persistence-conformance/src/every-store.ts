import assert from 'node:assert/strict'
import type { AdapterUnderTest } from './engine-under-test.js'
import type { PortName } from './port-names.js'

/** The stores that keep a value under a key. Locks keep none. */
export type StoreName = Exclude<PortName, 'lock'>

interface Store {
  write(adapter: AdapterUnderTest, key: string, value: number): Promise<unknown>
  /** Returns the value written under `key`; `null` if there is none. */
  read(adapter: AdapterUnderTest, key: string): Promise<unknown>
}

const STORES: Readonly<Record<StoreName, Store>> = {
  cache: {
    write: ({ cache }, key, value) => cache.set(key, value),
    read: ({ cache }, key) => cache.get(key),
  },
  idempotency: {
    write: ({ idempotency }, key, value) => idempotency.set(key, value),
    read: async ({ idempotency }, key) => (await idempotency.get(key))?.value ?? null,
  },
  circuitBreaker: {
    write: ({ circuitBreaker }, key, value) => circuitBreaker.setState(key, { state: 'closed', failureCount: value }),
    read: async ({ circuitBreaker }, key) => (await circuitBreaker.getState(key))?.failureCount ?? null,
  },
  checkpoint: {
    write: ({ checkpoint }, key, value) =>
      checkpoint.save({ id: key, taskId: key, sequence: 1, timestamp: 1, progress: 0, data: value }),
    read: async ({ checkpoint }, key) => {
      const found = await checkpoint.load(key)
      assert.deepEqual(await checkpoint.loadLatest(key), found, `the latest of ${JSON.stringify(key)}`)
      return found?.data ?? null
    },
  },
}

const names = Object.keys(STORES) as StoreName[]

/** Writes `value`, a whole number from 1, under `key` in every store. */
export async function writeAll(adapter: AdapterUnderTest, key: string, value: number): Promise<void> {
  await Promise.all(names.map((name) => STORES[name].write(adapter, key, value)))
}

export async function readAll(adapter: AdapterUnderTest, key: string): Promise<Record<string, unknown>> {
  const found = await Promise.all(names.map(async (name) => [name, await STORES[name].read(adapter, key)] as const))
  return Object.fromEntries(found)
}

/** Returns the result of {@link readAll} if every store has `value`. */
export function everywhere(value: number | null): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, value]))
}
