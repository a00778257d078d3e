import type { Work } from './work.js'

/**
 * An order is `<path> <keys>`: every key is claimed, or waited for. Its work counts a failure of the circuit with the same name
 * and returns a value that cannot be stored. The answer has the outcome for each key's caller.
 */
export const claimUnstorable: Work = (engine) => ({
  async order([path = '', keys]) {
    const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: 30_000 })
    const outcomes = await Promise.all(
      Array.from({ length: Number(keys) }, async (_, key) => {
        try {
          const claim = await adapter.idempotency.claim<unknown>(`k${key}`, { lease: 60_000, wait: 60_000 })
          if (claim.state !== 'claimed') return claim.state
          await adapter.recordFailure(`k${key}`, 1_000_000)
          return await claim.complete(() => 'receipt')
        } catch (error) {
          return (error as { code?: unknown }).code
        }
      }),
    )
    await adapter.disconnect()
    return outcomes
  },
})
