import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { someOf } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { SOME_CHECKPOINT } from './store-calls.js'

type Call = (adapter: AdapterUnderTest) => Promise<unknown>

type NamedCall = readonly [name: string, call: Call]

const READS: readonly NamedCall[] = [
  ['cache.get', ({ cache }) => cache.get('k')],
  ['cache.has', ({ cache }) => cache.has('k')],
  ['cache.keys', async ({ cache }) => (await cache.keys()).toSorted()],
  ['cache.entries', async ({ cache }) => collected(cache.entries())],
  ['cache.ttl', ({ cache }) => cache.ttl('k')],
  ['cache.getMany', ({ cache }) => cache.getMany(['k', 'new'])],
  ['cache.stats', async ({ cache }) => (await cache.stats()).size],
  ['idempotency.get', ({ idempotency }) => idempotency.get('k')],
  ['circuitBreaker.getState', ({ circuitBreaker }) => circuitBreaker.getState('k')],
  ['checkpoint.load', ({ checkpoint }) => checkpoint.load('c')],
  ['checkpoint.loadLatest', ({ checkpoint }) => checkpoint.loadLatest('t')],
  ['checkpoint.list', ({ checkpoint }) => checkpoint.list('t')],
]

const WRITES: readonly NamedCall[] = [
  ['cache.set', ({ cache }) => cache.set('k', 'changed')],
  ['cache.set of another', ({ cache }) => cache.set('new', 1)],
  [
    'cache.setMany',
    ({ cache }) =>
      cache.setMany<unknown>([
        ['k', 'changed'],
        ['new', 1],
      ]),
  ],
  ['cache.delete', ({ cache }) => cache.delete('k')],
  ['cache.deleteMany', ({ cache }) => cache.deleteMany(['k'])],
  ['cache.clear', ({ cache }) => cache.clear()],
  ['cache.touch', ({ cache }) => cache.touch('k', 1_000)],
  ['idempotency.set', ({ idempotency }) => idempotency.set('k', 'changed')],
  ['idempotency.delete', ({ idempotency }) => idempotency.delete('k')],
  ['circuitBreaker.setState', ({ circuitBreaker }) => circuitBreaker.setState('k', { state: 'open', failureCount: 9 })],
  ['circuitBreaker.recordFailure', ({ circuitBreaker }) => circuitBreaker.recordFailure('k', 9)],
  ['circuitBreaker.recordSuccess', ({ circuitBreaker }) => circuitBreaker.recordSuccess('k')],
  ['checkpoint.save', ({ checkpoint }) => checkpoint.save({ ...SOME_CHECKPOINT, data: 'changed' })],
  ['checkpoint.save of another', ({ checkpoint }) => checkpoint.save({ ...SOME_CHECKPOINT, id: 'd', sequence: 2 })],
  ['checkpoint.cleanup', ({ checkpoint }) => checkpoint.cleanup('t', 0)],
  ['checkpoint.deleteAll', ({ checkpoint }) => checkpoint.deleteAll('t')],
]

/** The store of a call: the part of its name before the dot. */
function storeOf([name]: NamedCall): string {
  return name.slice(0, name.indexOf('.'))
}

/**
 * The pairs whose calls use the same store. Calls of different stores have the same outcome in either order, so a test
 * could not see which came first. The suite on the order of operations mixes all stores.
 */
function pairsInAStore<First extends NamedCall, Second extends NamedCall>(
  firsts: readonly First[],
  seconds: readonly Second[],
): (readonly [First, Second])[] {
  return firsts.flatMap((first) =>
    seconds.filter((second) => storeOf(first) === storeOf(second)).map((second) => [first, second] as const),
  )
}

async function collected(entries: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const entry of entries) items.push(entry)
  return items
}

/** The initial content of each store. These calls are awaited; the test is about the order of calls that are made at once. */
const FILLS: Readonly<Record<string, Call>> = {
  cache: ({ cache }) => cache.clear().then(() => cache.set('k', 'first')),
  idempotency: ({ idempotency }) => idempotency.set('k', 'first'),
  circuitBreaker: ({ circuitBreaker }) => circuitBreaker.setState('k', { state: 'closed', failureCount: 1 }),
  checkpoint: ({ checkpoint }) => checkpoint.deleteAll('t').then(() => checkpoint.save(SOME_CHECKPOINT)),
}

async function fill(adapter: AdapterUnderTest, call: NamedCall): Promise<void> {
  const store = storeOf(call)
  const filled = FILLS[store]
  if (filled === undefined) throw new Error(`no content is known for the store ${store}`)
  await filled(adapter)
}

function contentsFor(adapter: AdapterUnderTest, call: NamedCall): Promise<unknown[]> {
  const reads = READS.filter((read) => storeOf(read) === storeOf(call))
  return Promise.all(reads.map(([, read]) => read(adapter)))
}

export const callOrder: EngineSuite = engineSuite('call order', (check) => {
  check('a read that was called before a write does not see it, for every pair of calls', async (world) => {
    const adapter = await world.adapter()
    for (const [first, [writeName, write]] of pairsInAStore(someOf(READS), WRITES)) {
      const [readName, read] = first
      await fill(adapter, first)
      const before = await read(adapter)
      const [seen] = await Promise.all([read(adapter), write(adapter)])
      assert.deepEqual(seen, before, `${readName} before ${writeName}`)
    }
  })

  check('a read that was called after a write sees it, for every pair of calls', async (world) => {
    const adapter = await world.adapter()
    for (const [first, [writeName, write]] of pairsInAStore(someOf(READS), WRITES)) {
      const [readName, read] = first
      await fill(adapter, first)
      const [, seen] = await Promise.all([write(adapter), read(adapter)])
      assert.deepEqual(seen, await read(adapter), `${readName} after ${writeName}`)
    }
  })

  check('of two writes called one after the other, the later one wins', async (world) => {
    const adapter = await world.adapter()
    for (const [call, [secondName, second]] of pairsInAStore(someOf(WRITES), WRITES)) {
      const [firstName, first] = call
      await fill(adapter, call)
      await first(adapter)
      await second(adapter)
      const oneByOne = await contentsFor(adapter, call)
      await fill(adapter, call)
      await Promise.all([first(adapter), second(adapter)])
      assert.deepEqual(await contentsFor(adapter, call), oneByOne, `${firstName}, then ${secondName}`)
    }
  })

  check('a listener that calls back into the store does not upset the order', async (world) => {
    const { circuitBreaker } = await world.adapter()
    const counts: Promise<number>[] = []
    circuitBreaker.subscribe('outer', () => counts.push(circuitBreaker.recordFailure('inner', 100)))
    await Promise.all(Array.from({ length: 10 }, () => circuitBreaker.recordFailure('outer', 100)))
    assert.deepEqual(
      await Promise.all(counts),
      Array.from({ length: 10 }, (_, index) => index + 1),
    )
  })
})
