import assert from 'node:assert/strict'
import { sealingSteps, unsealingSteps } from '@go-go-scope/persistence-core'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const TO = "postgres://db.example/it's (schema app)"

/** Seals the file as the command `copy` does, which has the file open by other means. */
async function run(world: World, steps: ReturnType<typeof sealingSteps>): Promise<void> {
  for (const { sql, parameters = [] } of steps) await world.rows(sql, parameters as (string | number | null)[])
}

export const sealedFile: EngineSuite = engineSuite('a file that the command copy has left', (check) => {
  const moved = { code: 'MOVED', says: [TO] }

  check('is refused by every open, also for reading', async (world) => {
    await (await world.open()).disconnect()
    await run(world, sealingSteps([], 'copy', TO))
    await refuses(() => world.open(), moved)
    await refuses(() => world.open({ readOnly: true }), moved)
    const adapter = world.unconnected(await world.plainHandle('another'), { createTables: false })
    await refuses(() => adapter.cache.get('k'), moved)
    const handle = await world.plainHandle('one port')
    const cache = world.track(new world.engine.SQLiteCacheAdapter(handle as never, { tableName: 'own' }))
    await refuses(() => cache.set('k', 1), moved)
  })

  check('refuses writes, also of adapters that have it open, until it is unsealed', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    await adapter.cache.set('k', 'before')
    await run(world, sealingSteps([], 'copy', TO))
    await refuses(() => adapter.cache.set('k', 'after'), moved)
    await refuses(() => adapter.cache.delete('k'), moved)
    await refuses(() => adapter.acquire('lock', 1_000), moved)
    await refuses(() => adapter.idempotency.claim('key', { lease: 1_000 }), moved)
    await refuses(() => adapter.recordFailure('api', 3), moved)
    const together = await Promise.allSettled([1, 2, 3].map((index) => adapter.cache.set(`k${index}`, index)))
    for (const { status } of together) assert.equal(status, 'rejected')
    assert.equal((await world.rows('SELECT key FROM go_goscope_cache')).length, 1)
    await run(world, unsealingSteps([]))
    await adapter.cache.set('k', 'after')
    assert.equal(await (await world.second()).cache.get('k'), 'after')
  })
})
