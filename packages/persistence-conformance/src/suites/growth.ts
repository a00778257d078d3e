import assert from 'node:assert/strict'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const KEYS_PER_ROUND = 150
const LIFE_MS = 1_000

async function pages(world: World): Promise<number> {
  const [row] = await world.rows('SELECT page_count AS count FROM pragma_page_count()')
  return Number(row?.count)
}

export const growth: EngineSuite = engineSuite('growth', (check) => {
  check.inFile('a file stops growing while entries are set and expire', async (world) => {
    const { cache, idempotency } = await world.adapter()
    const round = async (number: number): Promise<void> => {
      const calls: Promise<void>[] = []
      for (let key = 0; key < KEYS_PER_ROUND; key++) {
        calls.push(cache.set(`${number}-${key}`, 'x'.repeat(100), LIFE_MS))
        calls.push(idempotency.set(`${number}-${key}`, 'x'.repeat(100), LIFE_MS))
      }
      await Promise.all(calls)
      world.clock.advance(LIFE_MS)
    }
    for (let number = 0; number < 6; number++) await round(number)
    const settled = await pages(world)
    for (let number = 6; number < 16; number++) await round(number)
    const later = await pages(world)
    assert.ok(later <= settled * 1.1, `${settled} pages became ${later}`)
  })

  check('no sweep takes many rows at once, and a backlog is worked off', async (world) => {
    const removed: number[] = []
    const { cache } = await world.adapter({
      onDiagnostic: (event) => {
        if ((event as { type: string }).type === 'sweep')
          removed.push((event as unknown as { removed: number }).removed)
      },
    })
    const backlog = Array.from({ length: 4_000 }, (_, key) => [`old-${key}`, key] as const)
    await cache.setMany(backlog, LIFE_MS)
    world.clock.advance(LIFE_MS)
    // Several writes at once, but fewer than trigger a sweep.
    const together = 8
    for (let at = 0; at < 64 * 20; at += together) {
      const keys = Array.from({ length: together }, (_, more) => at + more)
      await Promise.all(keys.map((key) => cache.set(`new-${key % 64}`, key, 60 * LIFE_MS)))
    }
    const [row] = await world.rows("SELECT count(*) AS count FROM go_goscope_cache WHERE key LIKE 'cache:old-%'")
    assert.equal(Number(row?.count), 0)
    assert.ok(Math.max(...removed) <= 128, `a sweep removed ${Math.max(...removed)} rows`)
  })
})
