import assert from 'node:assert/strict'
import { loadUnderWay } from '../load-under-way.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

const circle = (...keys: string[]) => ({ code: 'INVALID_ARGUMENT', says: keys.map((key) => `"${key}"`) })

export const getOrSetCircles: EngineSuite = engineSuite('getOrSet from within a load', (check) => {
  check('a load that asks for its own key is refused at once, by every method', async (world) => {
    const { cache } = await world.adapter({ keyPrefix: 'app:' })
    const twin = await world.adapter({ keyPrefix: 'app:' })
    const ask = () => twin.cache.getOrSet('report', async () => 2)
    const late = async () => {
      await turn()
      const [answer] = await Promise.all([ask(), turn()])
      return answer
    }
    const afterRemoval = async () => {
      await cache.delete('report')
      return ask()
    }
    for (const load of [ask, async () => ask(), late, afterRemoval]) {
      await refuses(() => cache.getOrSet('report', load), circle('report'))
      assert.equal(await cache.has('report'), false)
    }
    assert.equal(await cache.getOrSet('report', async () => 1), 1)
  })

  check('loads that wait for one another are refused, also across connections and callers', async (world) => {
    const one = await world.adapter({ keyPrefix: 'one:' })
    const two = await world.second({ keyPrefix: 'two:' })
    const a = (): Promise<number> => one.cache.getOrSet('a', async () => (await b()) + 1)
    const b = (): Promise<number> => two.cache.getOrSet('b', async () => (await c()) + 1)
    const c = (): Promise<number> => one.cache.getOrSet('c', async () => (await a()) + 1)
    await refuses(a, circle('a', 'b', 'c'))
    const settled = await Promise.allSettled([a(), b(), c()])
    for (const result of settled) assert.ok(result.status === 'rejected' && result.reason.code === 'INVALID_ARGUMENT')
  })

  check('the same key of another prefix or handle is another key', async (world) => {
    const { cache } = await world.adapter({ keyPrefix: 'app:' })
    const stranger = await world.adapter({ keyPrefix: 'other:' })
    const second = await world.second({ keyPrefix: 'app:' })
    const caches = [cache, stranger.cache, second.cache]
    const ask = async (depth: number): Promise<number> =>
      depth === caches.length ? 0 : ((await caches[depth]?.getOrSet('k', () => ask(depth + 1))) ?? Number.NaN) + 1
    assert.equal(await ask(0), caches.length)
  })

  check('a load may wait for one of another caller, and for the same one twice', async (world) => {
    const { cache } = await world.adapter()
    const shared = await loadUnderWay(cache, 'shared')
    const outer = cache.getOrSet('outer', async () => {
      const ask = () => cache.getOrSet('shared', () => assert.fail('it shares the load'))
      return (await Promise.all([ask(), ask()])).join(' ')
    })
    await turn()
    await shared.endWith('s')
    assert.equal(await outer, 's s')
  })

  check('work that a load has started and that outlives it may ask for its key', async (world) => {
    const { cache } = await world.adapter()
    let after: Promise<string> | undefined
    let end: () => void = () => undefined
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    await cache.getOrSet('k', async () => {
      after = ended.then(() => cache.getOrSet('k', async () => 'again'))
      return 'first'
    })
    await cache.delete('k')
    end()
    assert.equal(await after, 'again')
  })
})
