import type { AdapterUnderTest, LeaseUnderTest } from '../engine-under-test.js'
import type { Work } from './work.js'

const TTL = 60_000

/** Waits for a random time, so that waiters do not synchronize. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 4))

/** Adds 1 to the count under the lock. Returns the new count and the token under which it was written. */
async function count(on: AdapterUnderTest): Promise<[count: number, token: number]> {
  for (;;) {
    const taken = await on.lock.acquire('counting', TTL)
    if (taken === null) {
      await pause()
      continue
    }
    // Read and write are two transactions, so that only the lock prevents lost updates.
    const [read] = await on.fenced(taken as never, [{ sql: 'SELECT count FROM counts' }])
    const next = Number(read?.[0]?.count) + 1
    await on.fenced(taken as never, [{ sql: 'UPDATE counts SET count = ?', parameters: [next] }])
    await taken.release()
    return [next, taken.token]
  }
}

// Orders: `open <path>`, `count <times>`, `acquire` (the token or null), `write` (the code of the refusal or null).
export const useLocks: Work = (engine) => {
  let adapter: AdapterUnderTest | undefined
  let handle: LeaseUnderTest | null = null
  return {
    async order([what, argument = '']) {
      if (what === 'open') {
        adapter = await engine.SQLiteAdapter.open(argument, {
          locks: 'database',
          durability: 'process',
          busyTimeout: 30_000,
        })
        return undefined
      }
      if (adapter === undefined) throw new Error('open comes first')
      if (what === 'count') {
        const counts = []
        while (counts.length < Number(argument)) counts.push(await count(adapter))
        return counts
      }
      if (what === 'acquire') {
        handle = await adapter.lock.acquire('job', TTL)
        return handle?.token ?? null
      }
      try {
        await adapter.fenced(handle as never, [{ sql: 'UPDATE counts SET count = count + 1' }])
        return null
      } catch (error) {
        return (error as { code?: unknown }).code
      }
    },
    leave: async () => adapter?.disconnect(),
  }
}
