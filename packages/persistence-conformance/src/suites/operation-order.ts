import assert from 'node:assert/strict'
import fc from 'fast-check'
import { onEngine, onReference, type Step } from '../model/step.js'
import { anyStep } from '../model/step-arbitraries.js'
import { forAll } from '../property.js'
import { referenceProviders } from '../reference/reference-providers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

/** The database refuses rows with this name, as a constraint does, in the middle of a batch. */
const BOOM = 'boom'

async function setTraps(world: World): Promise<void> {
  for (const table of ['cache', 'idempotency', 'circuit']) {
    await (world.engine.places?.refuseKeys(world.path, table, `%${BOOM}`) ??
      world.rows(`CREATE TRIGGER trap_${table} BEFORE INSERT ON go_goscope_${table}
      WHEN NEW.key LIKE '%${BOOM}' BEGIN SELECT RAISE(ABORT, 'trap: constraint failed'); END`))
  }
}

const failing: fc.Arbitrary<Step> = fc.constantFrom<Step[]>(
  { store: 'cache', method: 'set', args: ['', 1], refused: 'INVALID_KEY' },
  { store: 'cache', method: 'set', args: ['a', 1, -1], refused: 'INVALID_TTL' },
  { store: 'cache', method: 'set', args: ['a', () => 1], refused: 'VALUE_NOT_SERIALIZABLE' },
  { store: 'cache', method: 'get', args: ['\0'], refused: 'INVALID_KEY' },
  { store: 'cache', method: 'set', args: [BOOM, 1], refused: 'CONSTRAINT' },
  { store: 'idempotency', method: 'set', args: [BOOM, 1], refused: 'CONSTRAINT' },
  { store: 'circuitBreaker', method: 'recordFailure', args: [BOOM, 3], refused: 'CONSTRAINT' },
  {
    store: 'circuitBreaker',
    method: 'setState',
    args: [BOOM, { state: 'open', failureCount: 1 }],
    refused: 'CONSTRAINT',
  },
)

const steps = fc.array(fc.oneof({ weight: 8, arbitrary: anyStep }, { weight: 1, arbitrary: failing }), {
  maxLength: 60,
})

export const operationOrder: EngineSuite = engineSuite('operation order', (check) => {
  check('concurrent calls answer as if run one by one, failing ones too', async (world) => {
    let run = 0
    await world.adapter()
    await setTraps(world)
    await forAll(steps, 300, async (calls) => {
      const adapter = await world.adapter({ keyPrefix: `run ${run++}:` })
      const reference = referenceProviders(world.clock)
      const outcomes = await Promise.all(calls.map((step) => onEngine(adapter, step)))
      for (const [index, step] of calls.entries()) {
        assert.deepEqual(
          outcomes[index],
          await onReference(reference, step),
          `call ${index}: ${step.store}.${step.method}`,
        )
      }
    })
  })

  check('calls in uneven waves answer as if run one by one', async (world) => {
    let run = 0
    await world.adapter()
    await setTraps(world)
    const waves = fc.array(
      fc.tuple(
        fc.array(fc.oneof(anyStep, failing), { maxLength: 12 }),
        fc.constantFrom('no wait', 'tick', 'turn', 'all'),
      ),
      {
        maxLength: 8,
      },
    )
    await forAll(waves, 150, async (example) => {
      const adapter = await world.adapter({ keyPrefix: `wave ${run++}:` })
      const reference = referenceProviders(world.clock)
      const pending: Promise<unknown>[] = []
      const expected: unknown[] = []
      for (const [calls, pause] of example) {
        for (const step of calls) {
          pending.push(onEngine(adapter, step))
          expected.push(await onReference(reference, step))
        }
        if (pause === 'tick') await Promise.resolve()
        if (pause === 'turn') await new Promise((resolve) => setImmediate(resolve))
        if (pause === 'all') await Promise.all(pending)
      }
      assert.deepEqual(await Promise.all(pending), expected)
    })
  })

  check('50 concurrent failures of each of several circuits count exactly', async (world) => {
    const adapter = await world.adapter()
    const keys = ['a', 'b', 'c']
    const counts = await Promise.all(
      Array.from({ length: 150 }, (_, index) => adapter.recordFailure(keys[index % 3] ?? '', 50)),
    )
    for (const [offset, key] of keys.entries()) {
      assert.deepEqual(
        counts.filter((_, index) => index % 3 === offset),
        Array.from({ length: 50 }, (_, index) => index + 1),
        'each caller gets the count of its own turn',
      )
      assert.equal((await adapter.getState(key))?.failureCount, 50)
    }
  })

  check('a read sees every write that was made before it, unawaited', async (world) => {
    const { cache, idempotency } = await world.adapter()
    const reads: Promise<unknown>[] = []
    for (let round = 0; round < 100; round++) {
      void cache.set('k', round)
      reads.push(cache.get('k'))
      void idempotency.set('k', round)
      reads.push(idempotency.get('k').then((entry) => entry?.value))
    }
    assert.deepEqual(
      await Promise.all(reads),
      Array.from({ length: 200 }, (_, index) => Math.floor(index / 2)),
    )
  })

  check('one failing row of many rejects its own call only', async (world) => {
    const { cache } = await world.adapter()
    await setTraps(world)
    const names = Array.from({ length: 40 }, (_, index) => (index % 10 === 5 ? `${index}${BOOM}` : `${index}`))
    const results = await Promise.allSettled(names.map((name) => cache.set(name, name)))
    for (const [index, name] of names.entries()) {
      assert.equal(results[index]?.status, name.endsWith(BOOM) ? 'rejected' : 'fulfilled', name)
    }
    assert.deepEqual((await cache.keys()).toSorted(), names.filter((name) => !name.endsWith(BOOM)).toSorted())
  })

  check('calls of several methods that fail together each reject as themselves', async (world) => {
    const adapter = await world.adapter()
    await setTraps(world)
    const calls: readonly (readonly [operation: string, call: () => Promise<unknown>])[] = [
      ['cache.set', () => adapter.cache.set(BOOM, 1)],
      ['idempotency.set', () => adapter.idempotency.set(BOOM, 1)],
      ['circuitBreaker.recordFailure', () => adapter.recordFailure(BOOM, 5)],
      ['cache.setMany', () => adapter.cache.setMany([[BOOM, 1]])],
    ]
    const refused = await Promise.all(calls.map(([, call]) => refuses(call, { code: 'CONSTRAINT' })))
    assert.deepEqual(
      refused.map(({ operation }) => operation),
      calls.map(([operation]) => operation),
    )
  })

  check('calls that run the statement of another fail by their own name', async (world) => {
    const { cache, idempotency, lock } = await world.adapter({ locks: 'database' })
    await setTraps(world)
    await world.rows('DROP TABLE go_goscope_cache')
    await world.rows('DROP TABLE go_goscope_locks')
    await refuses(() => cache.getOrSet('k', () => 1), { code: 'SQL', says: ['cache.getOrSet: '] })
    await refuses(() => lock.hold('k'), { code: 'SQL', says: ['lock.hold: '] })
    await refuses(() => idempotency.once(BOOM, () => 1), { code: 'CONSTRAINT', says: ['idempotency.once: '] })
  })

  check('setMany stores all or nothing', async (world) => {
    const { cache } = await world.adapter()
    await setTraps(world)
    await refuses(
      () =>
        cache.setMany([
          ['a', 1],
          [BOOM, 2],
          ['b', 3],
        ]),
      { code: 'CONSTRAINT' },
    )
    assert.deepEqual(await cache.keys(), [])
  })

  check('an error of the engine is the cause, and the connection stays usable', async (world) => {
    const { cache } = await world.adapter()
    await setTraps(world)
    const error = await refuses(() => cache.set(BOOM, 1), { code: 'CONSTRAINT' })
    assert.ok(error.cause instanceof Error)
    assert.match(error.cause.message, /trap/)
    await cache.set('fine', 1)
    assert.equal((await world.rows('SELECT key FROM go_goscope_cache')).length, 1)
  })

  check('thousands of calls at once settle, each with its own answer', async (world) => {
    const { cache } = await world.adapter()
    const count = 5_000
    await Promise.all(Array.from({ length: count }, (_, index) => cache.set(`k${index}`, index)))
    const values = await Promise.all(Array.from({ length: count }, (_, index) => cache.get(`k${index}`)))
    assert.deepEqual(
      values,
      Array.from({ length: count }, (_, index) => index),
    )
  })

  check('large values at once settle', async (world) => {
    const { cache } = await world.adapter()
    const large = (index: number) => `${index}`.repeat(300_000)
    await Promise.all(Array.from({ length: 20 }, (_, index) => cache.set(`k${index}`, large(index))))
    for (let index = 0; index < 20; index++) assert.equal(await cache.get(`k${index}`), large(index))
  })
})
