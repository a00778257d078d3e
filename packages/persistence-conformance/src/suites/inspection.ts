import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { throwsRefusal } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { SOME_CHECKPOINT } from './store-calls.js'

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}

interface Named {
  readonly prefix: string | null
  readonly key: string
  readonly cursor: string
}

async function names(list: AsyncIterable<Named>): Promise<string[]> {
  return (await all(list)).map(({ prefix, key }) => `${prefix}|${key}`)
}

type ListName = 'locks' | 'circuits' | 'claims' | 'results' | 'tasks' | 'entries'
const LISTS: readonly ListName[] = ['locks', 'circuits', 'claims', 'results', 'tasks', 'entries']

/** Adds one row under `key` to each list; under `key!` to that of the claims, because a key with a result has no claim. */
async function fill(adapter: AdapterUnderTest, key: string): Promise<void> {
  await adapter.lock.acquire(key, 60_000)
  await adapter.circuitBreaker.recordFailure(key, 5)
  await adapter.idempotency.claim(`${key}!`, { lease: 60_000 })
  await adapter.idempotency.set(key, 1)
  await adapter.checkpoint.save({ ...SOME_CHECKPOINT, id: `id of ${key}`, taskId: key })
  await adapter.cache.set(key, 1)
}

const PREFIXES = ['', 'a*b:', '50%:', 'a_b', 'a', '*', '\u0001', '\u0002x', 'cache:', '\u{10FFFF}', '🙂']

export const inspection: EngineSuite = engineSuite('inspection', (check) => {
  check('locks show who holds them and until when', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    assert.deepEqual(await adapter.inspect().standbys(), [])
    const started = world.clock.now()
    const lock = await adapter.lock.acquire('nightly', 30_000)
    await adapter.lock.acquire('ours', Number.POSITIVE_INFINITY, 'an owner')
    await adapter.lock.acquire('ours', Number.POSITIVE_INFINITY, 'an owner')
    const [nightly, ours] = await all(adapter.inspect().locks())
    assert.ok(lock && nightly && ours)
    const { cursor, process: holder, ...rest } = nightly
    assert.deepEqual(rest, {
      prefix: '', key: 'nightly', owner: lock.owner, token: lock.token, holds: 1, expiresAt: started + 30_000, held: true,
    }) // biome-ignore format: one line is easier to compare
    assert.equal(holder?.pid, process.pid)
    assert.equal(holder?.alive, true)
    assert.ok(lock.owner.startsWith(`${hostname()}:${process.pid}:`), lock.owner)
    assert.deepEqual([ours.owner, ours.holds, ours.expiresAt, ours.process], ['an owner', 2, undefined, undefined])
  })

  check('an expired or released lock is listed on request', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    await (await adapter.lock.acquire('released', 30_000))?.release()
    await adapter.lock.acquire('expired', 1_000)
    await adapter.lock.acquire('held', 30_000)
    world.clock.advance(1_000)
    assert.deepEqual(await names(adapter.inspect().locks()), ['|held'])
    const items = await all(adapter.inspect().locks({ expired: true }))
    assert.deepEqual(
      items.map((item) => [item.key, item.held]),
      [
        ['expired', false],
        ['held', true],
        ['released', false],
      ],
    )
  })

  check('circuits show their state, since when, and their probes', async (world) => {
    const adapter = await world.adapter()
    const { circuitBreaker } = adapter
    const at = world.clock.now()
    for (let failure = 0; failure < 3; failure++) await circuitBreaker.recordFailure('open', 3)
    await circuitBreaker.recordSuccess('closed')
    await circuitBreaker.isolate('isolated')
    world.clock.advance(100)
    await circuitBreaker.recordFailure('trying', 1)
    world.clock.advance(100)
    const { permit } = (await circuitBreaker.admit('trying', { resetTimeout: 50, lease: 1_000 })) as never as {
      permit: { probe: string }
    }
    const items = await all(adapter.inspect().circuits())
    const shown = items.map(({ cursor, prefix, updatedAt, ...item }) => item)
    const tried = shown.find(({ key }) => key === 'trying')
    assert.deepEqual(
      shown.filter(({ key }) => key !== 'trying'),
      [
        { key: 'closed', state: 'closed', failures: 0, isolated: false, lastSuccessAt: at, probes: [] },
        { key: 'isolated', state: 'open', failures: 0, isolated: true, openedAt: at, probes: [] },
        { key: 'open', state: 'open', failures: 3, isolated: false, openedAt: at, lastFailureAt: at, probes: [] },
      ],
    )
    assert.deepEqual([tried?.state, tried?.openedAt, tried?.probes?.length], ['half-open', at + 100, 1])
    assert.deepEqual(
      [tried?.probes?.[0]?.owner, tried?.probes?.[0]?.until, tried?.probes?.[0]?.process?.pid],
      [permit.probe, at + 1_200, process.pid],
    )
  })

  check('claims and results show the state of keys', async (world) => {
    const adapter = await world.adapter()
    const { idempotency } = adapter
    const at = world.clock.now()
    await idempotency.claim('running', { lease: 1_000 })
    await idempotency.claim('left', { lease: 10 })
    const failing = await idempotency.claim('failed', { lease: 1_000, onFailure: 'keep', ttl: 5_000, fingerprint: 'g' })
    if (failing.state === 'claimed') await failing.fail({ message: 'no' })
    const done = await idempotency.claim('done', { lease: 1_000, fingerprint: 'f' })
    if (done.state === 'claimed') await done.complete({ receipt: 7 })
    const lost = await idempotency.claim('unstored', { lease: 1_000, fingerprint: 'h' })
    if (lost.state === 'claimed') await lost.complete({ fn() {} }).catch(() => undefined)
    await idempotency.set('expired', 1, 10)
    world.clock.advance(10)
    const inspection = adapter.inspect()
    const [claim, ...others] = await all(inspection.claims())
    assert.equal(others.length, 0)
    assert.ok(claim)
    assert.deepEqual(
      [claim.key, claim.grantedAt, claim.until, claim.held, claim.process?.pid, claim.process?.alive],
      ['running', at, at + 1_000, true, process.pid, true],
    )
    assert.deepEqual(
      (await all(inspection.claims({ expired: true }))).map(({ key, held }) => [key, held]),
      [['left', false], ['running', true]],
    ) // biome-ignore format: one line is easier to compare
    const results = await all(inspection.results({ values: true }))
    const shown = results
      .map(({ cursor, prefix, bytes, unreadable, ...item }) => ({ ...item, code: unreadable?.code }))
      .toSorted((one, other) => one.key.localeCompare(other.key))
    assert.deepEqual(shown, [
      { key: 'done', outcome: 'completed', expired: false, fingerprint: 'f', value: { receipt: 7 }, code: undefined },
      { key: 'failed', outcome: 'failed', expired: false, expiresAt: at + 5_000, fingerprint: 'g', value: { message: 'no' }, code: undefined },
      { key: 'unstored', outcome: 'unstored', expired: false, fingerprint: 'h', code: 'RESULT_NOT_STORED' },
    ]) // biome-ignore format: one line is easier to compare
    const expired = (await all(inspection.results({ expired: true }))).find(({ key }) => key === 'expired')
    assert.deepEqual([expired?.expired, expired?.expiresAt], [true, at + 10])
    for (const item of await all(inspection.results())) {
      assert.ok(
        !('value' in item) && !('fingerprint' in item) && Number(item.bytes) > 0 && item.unreadable === undefined,
        item.key,
      )
    }
  })

  check('tasks show their newest checkpoint and how many there are', async (world) => {
    const adapter = await world.adapter()
    const save = (taskId: string, sequence: number, more = {}) =>
      adapter.checkpoint.save({
        id: `${taskId}-${sequence}`, taskId, sequence, timestamp: 100 + sequence, progress: sequence * 10, data: { sequence }, ...more,
      }) // biome-ignore format: one line is easier to compare
    for (const sequence of [2, 3, 1]) await save('import', sequence)
    await save('export', 7, { estimatedTimeRemaining: 4_000, progress: 33.5, data: 'x'.repeat(100_000) })
    const tasks = (await all(adapter.inspect().tasks({ values: true }))).map(({ cursor, ...item }) => item)
    const [exporting, importing] = tasks
    assert.deepEqual(tasks.length, 2)
    assert.deepEqual(importing, {
      prefix: '', key: 'import', checkpoints: 3,
      latest: { id: 'import-3', sequence: 3, progress: 30, timestamp: 103, bytes: 14, data: { sequence: 3 } },
    }) // biome-ignore format: one line is easier to compare
    assert.equal(exporting?.latest?.data, 'x'.repeat(100_000))
    assert.deepEqual([exporting?.latest?.progress, exporting?.latest?.estimatedTimeRemaining], [33.5, 4_000])
    for (const { latest } of await all(adapter.inspect().tasks())) assert.ok(latest && !('data' in latest))
  })

  check('entries show sizes and expiries, and values when asked for', async (world) => {
    const adapter = await world.adapter()
    await adapter.cache.set('a', 'ä', 1_000)
    await adapter.cache.set('b', undefined)
    await adapter.cache.set('c', 'gone', 10)
    world.clock.advance(10)
    const now = world.clock.now()
    const [a, b, ...others] = await all(adapter.inspect().entries())
    assert.equal(others.length, 0)
    assert.deepEqual([a?.key, a?.bytes, a?.expiresAt, a?.expired], ['a', 4, now + 990, false])
    assert.ok(b?.expiresAt === undefined && a !== undefined && !('value' in a))
    const valued = await all(adapter.inspect().entries({ values: true, expired: true }))
    assert.deepEqual(
      valued.map(({ key, value, expired }) => [key, value, expired]),
      [['a', 'ä', false], ['b', undefined, false], ['c', 'gone', true]],
    ) // biome-ignore format: one line is easier to compare
  })

  check('every list has the rows of its own prefix, and "*" those of all', async (world) => {
    const adapters = new Map<string, AdapterUnderTest>()
    for (const keyPrefix of PREFIXES) {
      const adapter = await world.adapter({ keyPrefix, locks: 'database' })
      await fill(adapter, 'k')
      await fill(adapter, '\u0001b:k')
      adapters.set(keyPrefix, adapter)
    }
    const [first] = adapters.values()
    assert.ok(first)
    for (const list of LISTS) {
      const end = list === 'claims' ? '!' : ''
      const expected = (prefix: string): string[] => [`${prefix}|\u0001b:k${end}`, `${prefix}|k${end}`]
      for (const [prefix, adapter] of adapters) {
        const own = await names(adapter.inspect()[list]())
        assert.deepEqual(own.toSorted(), expected(prefix).toSorted(), `${list} of ${JSON.stringify(prefix)}`)
        if (prefix !== '*') assert.deepEqual(await names(first.inspect({ prefix })[list]()), own, list)
        const some = await names(adapter.inspect()[list]({ startsWith: '\u0001b' }))
        assert.deepEqual(some, [`${prefix}|\u0001b:k${end}`], `startsWith: ${list} of ${JSON.stringify(prefix)}`)
      }
      const whole = await names(first.inspect({ prefix: '*' })[list]())
      assert.deepEqual(whole.toSorted(), PREFIXES.flatMap(expected).toSorted(), `${list} of all`)
    }
    assert.deepEqual(await all(first.inspect({ prefix: 'never used' }).entries()), [])
  })

  check('a list continues after any item, over pages of any size', async (world) => {
    const adapter = await world.adapter({ keyPrefix: 'app:', locks: 'database' })
    const other = await world.adapter({ keyPrefix: 'other', locks: 'database' })
    for (const key of ['a', 'b', '\uFFFF', '🙂', '\u{10FFFF}'])
      for (const each of [adapter, other]) await fill(each, key)
    const failing = await adapter.idempotency.claim('z', { lease: 1_000, onFailure: 'keep' })
    if (failing.state === 'claimed') await failing.fail(1)
    for (const prefix of ['app:', '*']) {
      for (const list of LISTS) {
        const inspection = adapter.inspect({ prefix })
        const whole = await names(inspection[list]())
        assert.ok(whole.length >= 5, list)
        for (const limit of [1, 2, 3, whole.length]) {
          const pages: string[] = []
          for (let after: string | undefined; ; ) {
            const page = await all<Named>(inspection[list]({ limit, ...(after !== undefined && { after }) }))
            assert.ok(page.length <= limit)
            if (page.length === 0) break
            pages.push(...page.map((item) => `${item.prefix}|${item.key}`))
            after = page.at(-1)?.cursor
          }
          assert.deepEqual(pages, whole, `${list} by ${limit}`)
        }
      }
    }
  })

  check('more rows than a page holds are listed once each, in order', async (world) => {
    const adapter = await world.adapter()
    const keys = Array.from({ length: 300 }, (_, index) => `k${String(index).padStart(3, '0')}`)
    await adapter.cache.setMany(keys.map((key): [string, string] => [key, key]))
    await Promise.all(keys.map((key) => adapter.checkpoint.save({ ...SOME_CHECKPOINT, id: key, taskId: key })))
    assert.deepEqual(
      (await all(adapter.inspect().entries({ values: true }))).map(({ value }) => value),
      keys,
    )
    assert.deepEqual(
      (await all(adapter.inspect().tasks())).map(({ key }) => key),
      keys,
    )
  })

  check('prefixes are those that adapters have used, also by a cache alone', async (world) => {
    const adapter = await world.adapter({ keyPrefix: 'app:' })
    await world.adapter({ keyPrefix: 'cache:b' })
    const handle = (await world.handle()) as never
    for (const keyPrefix of ['alone:', 'app:', 'z']) {
      const { clock } = world
      const cache = world.track(new world.engine.SQLiteCacheAdapter(handle, { keyPrefix, clock }))
      await cache.setMany(Array.from({ length: 3 }, (_, index): [string, number] => [`k${index}`, index]))
    }
    const prefixes = (await all(adapter.inspect().prefixes())).map(({ prefix }) => prefix)
    assert.deepEqual(prefixes, ['app:', 'cache:b', 'alone:', 'z'])
    const paged: string[] = []
    for (let after: string | undefined; ; ) {
      const [item] = await all(adapter.inspect().prefixes({ limit: 1, ...(after !== undefined && { after }) }))
      if (item === undefined) break
      paged.push(item.prefix)
      after = item.cursor
    }
    assert.deepEqual(paged, prefixes)
  })

  check('invalid arguments are refused at once, with what is accepted', async (world) => {
    const adapter = await world.adapter()
    const refused = (action: () => unknown, ...says: (string | RegExp)[]) =>
      throwsRefusal(action, { code: 'INVALID_ARGUMENT', says })
    refused(() => adapter.inspect({ prefix: 1 as never }), 'prefix', '1')
    refused(() => adapter.inspect({ prefx: 'a' } as never), 'did you mean prefix?')
    throwsRefusal(() => adapter.inspect({ prefix: '\uD800' }), { code: 'INVALID_KEY', says: ['prefix'] })
    for (const list of LISTS) {
      const inspection = adapter.inspect()
      refused(() => inspection[list]({ limit: 0 }), 'limit', '0')
      refused(() => inspection[list]({ after: 'k' }), 'after', 'cursor', '"k"')
      refused(() => inspection[list]({ startsWith: 1 as never }), 'startsWith')
      refused(() => inspection[list]({ limits: 1 } as never), 'did you mean limit?')
      refused(() => adapter.inspect({ prefix: '*' })[list]({ startsWith: 'k' }), 'startsWith', 'one prefix')
    }
    refused(() => adapter.inspect().entries({ values: 1 as never }), 'values', 'true or false')
    refused(() => adapter.inspect().locks({ expired: 'yes' as never }), 'expired')
    refused(() => adapter.inspect().prefixes({ after: 7 as never }), 'after')
  })

  check('a disconnected adapter refuses to list', async (world) => {
    const adapter = await world.adapter()
    const inspection = adapter.inspect()
    await adapter.disconnect()
    await assert.rejects(inspection.tasks().next(), { code: 'CLOSED', operation: 'inspect.tasks' })
  })
})
