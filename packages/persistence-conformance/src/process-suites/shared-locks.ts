import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { realTimers } from '../real-timers.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'
import { withChild, withChildren } from './child.js'

const PROCESSES = 4
const TIMES = 50
const TTL = 60_000

/** Returns an adapter whose wall clock is ahead of the children's by a time that the test sets. */
async function ahead(world: World): Promise<{ adapter: AdapterUnderTest; by: { ms: number } }> {
  const by = { ms: 0 }
  const clock = realTimers(() => Date.now() + by.ms)
  const adapter = await world.open({ locks: 'database', clock, busyTimeout: 30_000 })
  await world.rows('CREATE TABLE counts (count INTEGER NOT NULL)')
  await world.rows('INSERT INTO counts VALUES (0)')
  return { adapter, by }
}

export const sharedLocks: EngineSuite = engineSuite('locks in several processes', (check) => {
  check('one holder at a time over all processes, under tokens that grow', async (world) => {
    await ahead(world)
    await withChildren(world.engine, PROCESSES, async (children) => {
      await Promise.all(children.map((child) => child.ask(`use-locks open ${world.path}`)))
      const own = await Promise.all(children.map((child) => child.ask<[number, number][]>(`use-locks count ${TIMES}`)))
      const grants = own.flat().toSorted(([a], [b]) => a - b)
      assert.deepEqual(
        grants.map(([count]) => count),
        Array.from({ length: PROCESSES * TIMES }, (_, index) => index + 1),
        'no count was lost or given twice',
      )
      const tokens = grants.map(([, token]) => token)
      assert.deepEqual(
        tokens,
        [...new Set(tokens)].toSorted((a, b) => a - b),
      )
    })
  })

  check('the lock of a process that was killed is free when its lease ends, not before', async (world) => {
    const { adapter, by } = await ahead(world)
    await withChild(world.engine, async (child) => {
      await child.ask(`use-locks open ${world.path}`)
      const token = await child.ask<number>('use-locks acquire')
      child.signal('SIGKILL')
      await child.ended
      assert.equal(await adapter.lock.acquire('job', TTL), null)
      by.ms += TTL
      const handle = await adapter.lock.acquire('job', TTL)
      assert.ok(handle !== null && handle.token > token, `${handle?.token} after ${token}`)
    })
  })

  check('a holder that comes back after another process took its lock writes nothing', async (world) => {
    const { adapter, by } = await ahead(world)
    await withChild(world.engine, async (child) => {
      await child.ask(`use-locks open ${world.path}`)
      const token = await child.ask<number>('use-locks acquire')
      assert.equal(await child.ask('use-locks write'), null)
      by.ms += TTL
      const handle = await adapter.lock.acquire('job', TTL)
      assert.ok(handle !== null && handle.token > token, `${handle?.token} after ${token}`)
      assert.equal(await child.ask('use-locks write'), 'LOCK_LOST')
      await adapter.fenced(handle as never, [{ sql: 'UPDATE counts SET count = count + 1' }])
      assert.equal((await world.rows('SELECT count FROM counts'))[0]?.count, 2)
      assert.equal(await child.ask('use-locks acquire'), null)
    })
  })
})
