import type { ServedFile } from './served-file.js'

/** ms within which the owner must notice a certain end. Leases in tests are far longer. */
export const NOTICED = 5_000

export const TTL = 600_000

/** Acquires the lock as soon as it is free; `null` if it is not free within {@link NOTICED}. */
export async function takenSoon({ adapter }: Pick<ServedFile, 'adapter'>, key: string) {
  for (const end = performance.now() + NOTICED; performance.now() < end; ) {
    const lock = await adapter.acquire(key, TTL)
    if (lock !== null) return lock
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return null
}
