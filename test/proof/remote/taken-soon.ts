import type { ServedFile } from './served-file.js'

/** ms in which the owner must have noticed a certain end. The leases of tests last far longer. */
export const NOTICED = 5_000

export const TTL = 600_000

/** The lock, as soon as it is free; `null` when it is not within {@link NOTICED}. */
export async function takenSoon({ adapter }: Pick<ServedFile, 'adapter'>, key: string) {
  for (const end = performance.now() + NOTICED; performance.now() < end; ) {
    const lock = await adapter.acquire(key, TTL)
    if (lock !== null) return lock
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return null
}
