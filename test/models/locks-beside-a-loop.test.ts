import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()

const LOCKS = 20
/** ms; the limit for a loop that lets no other caller get the lock. */
const LONGEST = 20_000

test('locks in memory are granted while a loop of awaited calls fills every turn', async () => {
  await using adapter = await engine.SQLiteAdapter.open(':memory:')
  let granted = 0
  const locking = async () => {
    for (; granted < LOCKS; granted++) {
      const lock = await adapter.lock.acquire('k', 60_000)
      await lock?.release()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  const done = locking()
  for (const end = Date.now() + LONGEST; granted < LOCKS && Date.now() < end; ) await adapter.cache.set('x', 1)
  expect(granted).toBe(LOCKS)
  await done
}, 60_000)
