import assert from 'node:assert/strict'
import { createPublishedTables, writePublishedRows } from '../published-schema.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { SOME_CHECKPOINT } from './store-calls.js'

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}

type Listed = { readonly key: string; readonly unreadable?: { readonly code: string } | undefined }

const codes = async (list: AsyncIterable<Listed>): Promise<[string, string | undefined][]> =>
  (await all(list)).map(({ key, unreadable }) => [key, unreadable?.code])

const UNREADABLE = 'VALUE_UNREADABLE'

/** The columns of our tables that hold numbers and that lists or verification read. */
const NUMBERS: readonly (readonly [table: string, columns: readonly string[]])[] = [
  ['go_goscope_cache', ['expires_at', 'created_at']],
  [
    'go_goscope_circuit',
    ['failure_count', 'last_failure_time', 'last_success_time', 'updated_at', 'opened_at', 'isolated'],
  ],
  ['go_goscope_locks', ['token', 'holds', 'expires_at']],
  ['go_goscope_claims', ['granted_at', 'expires_at']],
  ['go_goscope_idempotency', ['expires_at']],
  ['go_goscope_claim_records', ['expires_at']],
  ['go_goscope_checkpoints', ['sequence', 'timestamp', 'progress', 'estimated_time_remaining']],
]

export const inspectedFiles: EngineSuite = engineSuite('inspected files', (check) => {
  check('an integer past 2^53 in any column does not end a list or verify', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const { cache, circuitBreaker, checkpoint, idempotency, lock } = adapter
    for (const key of ['x1', 'x2']) {
      await cache.set(key, 1)
      await circuitBreaker.setState(key, { state: 'open', failureCount: 1 })
      await lock.acquire(key)
      await idempotency.claim(`${key} runs`, { lease: 1_000 })
      await idempotency.set(key, 1)
      const failing = await idempotency.claim(`${key} fails`, { lease: 1_000, onFailure: 'keep' })
      if (failing.state === 'claimed') await failing.fail(1)
      await checkpoint.save({ ...SOME_CHECKPOINT, id: key, taskId: key })
    }
    const keysOf = async (list: AsyncIterable<Listed>): Promise<string[]> => (await all(list)).map(({ key }) => key)
    const lists = async (): Promise<unknown> => {
      const inspection = adapter.inspect()
      return {
        circuits: await keysOf(inspection.circuits()),
        locks: await keysOf(inspection.locks({ expired: true })),
        claims: await keysOf(inspection.claims({ expired: true })),
        results: await keysOf(inspection.results({ expired: true, values: true })),
        listed: await keysOf(inspection.entries({ values: true })),
        tasks: await keysOf(inspection.tasks({ values: true })),
        entries: await all(cache.entries()),
        loaded: await cache.getOrSet('x1', () => 'loaded', { ttl: 1_000, staleWhileRevalidate: 1_000 }),
      }
    }
    const sound = await lists()
    for (const value of ['9007199254740993', '9223372036854775807']) {
      for (const [table, columns] of NUMBERS) {
        for (const column of columns)
          await world.rows(
            `UPDATE ${table} SET ${column} = ${value} WHERE ${table.endsWith('checkpoints') ? 'id' : 'key'} LIKE '%x1%'`,
          )
      }
      assert.deepEqual(await lists(), sound, value)
      const { faults } = await adapter.verify()
      for (const part of ['cache', 'circuits', 'results', 'tasks'] as const) {
        const found = faults.filter((fault) => fault.part === part).map(({ key }) => key?.slice(0, 2))
        assert.deepEqual([...new Set(found)], ['x1'], `${part} with ${value}`)
      }
    }
  })

  check('a hostile row does not end a list, and is listed with its error', async (world) => {
    const adapter = await world.adapter()
    const { cache, circuitBreaker, checkpoint, idempotency } = adapter
    for (const key of ['a', 'z']) {
      await cache.set(key, 1)
      await circuitBreaker.recordFailure(key, 5)
      await idempotency.set(key, 1)
      await checkpoint.save({ ...SOME_CHECKPOINT, id: key, taskId: key })
    }
    await world.rows(
      "INSERT INTO go_goscope_cache (key, value, expires_at) VALUES ('cache:b', 'no json', NULL), ('cache:c', x'00', NULL), ('cache:d', '1', 'soon')",
    )
    await world.rows(
      "INSERT INTO go_goscope_circuit (key, state, updated_at) VALUES ('circuit:b', 'ajar', 1), ('circuit:c', 'open', 'then')",
    )
    await world.rows("UPDATE go_goscope_circuit SET probes = '{' WHERE key = 'circuit:z'")
    await world.rows("INSERT INTO go_goscope_idempotency (key, value) VALUES ('b', 'no json')")
    await world.rows(
      "INSERT INTO go_goscope_checkpoints (id, task_id, sequence, timestamp, data) VALUES ('b', 'b', 'x', 1, '1'), ('c', 'c', 1, 1, 'no json')",
    )
    const inspection = adapter.inspect()
    assert.deepEqual(await codes(inspection.entries({ values: true, expired: true })), [
      ['a', undefined],
      ['b', UNREADABLE],
      ['c', UNREADABLE],
      ['d', UNREADABLE],
      ['z', undefined],
    ])
    assert.deepEqual(await codes(inspection.circuits()), [
      ['a', undefined],
      ['b', UNREADABLE],
      ['c', UNREADABLE],
      ['z', UNREADABLE],
    ])
    assert.deepEqual(await codes(inspection.results({ values: true })), [
      ['a', undefined],
      ['b', UNREADABLE],
      ['z', undefined],
    ])
    const tasks = await all(inspection.tasks({ values: true }))
    assert.deepEqual(
      tasks.map(({ key, unreadable }) => [key, unreadable?.code]),
      [
        ['a', undefined],
        ['b', UNREADABLE],
        ['c', UNREADABLE],
        ['z', undefined],
      ],
    )
    assert.equal(tasks[2]?.latest?.sequence, 1, 'what could be read of a row is there')
    const [, b] = await all(inspection.entries({ values: true }))
    assert.equal(b?.bytes, 7)
    assert.match(String(b?.unreadable?.message), /^inspect\.entries: .*cache:b/)
    assert.deepEqual(
      (await codes(inspection.entries())).map(([key]) => key),
      ['a', 'b', 'c', 'd', 'z'],
      'without values there is nothing to decode',
    )
    const { items, faults } = await adapter.verify()
    assert.deepEqual(
      faults.filter(({ problem }) => /^(inspect|verify)/.test(problem)).map(({ part, key }) => [part, key]),
      [
        ...['b', 'c', 'z'].map((key) => ['circuits', key]),
        ['results', 'b'],
        ...['b', 'c', 'd'].map((key) => ['cache', key]),
        ...['b', 'c'].map((key) => ['tasks', key]),
      ],
    )
    assert.equal(items, 4 + 3 + 5 + 4)
  })

  check('keys that are not text are listed once, and the list continues after them', async (world) => {
    const adapter = await world.adapter()
    const insert = 'INSERT INTO go_goscope_cache (key, value) VALUES'
    // These bytes sort after the U+FFFD that an engine returns for them: a walk that continues at the text would not advance.
    for (const end of ['FE', 'FF', '00', '00FF']) {
      await world.rows(`${insert} (CAST(x'63616368653A61${end}' AS TEXT), '1')`)
    }
    // Enough keys that a page of the walk ends among the unreadable ones.
    const more = Array.from({ length: 124 }, (_, index) => `0${String(index).padStart(3, '0')}`)
    await adapter.cache.setMany([...more, 'a', 'b', 'z'].map((key): [string, number] => [key, 1]))
    for (const limit of [1, 2, 1_000]) {
      const found: [string, string | undefined][] = []
      for (let after: string | undefined; ; ) {
        const page = await all(adapter.inspect().entries({ limit, ...(after !== undefined && { after }) }))
        if (page.length === 0) break
        for (const { key, unreadable } of page) found.push([key, unreadable?.code])
        after = page.at(-1)?.cursor
      }
      assert.equal(found.length, 131, `by ${limit}`)
      assert.deepEqual(
        found.filter(([, code]) => code === undefined).map(([key]) => key),
        [...more, 'a', 'b', 'z'],
      )
    }
  })

  check('a file of UTF-16 is listed like any other', async (world) => {
    for (const sql of ["PRAGMA encoding = 'UTF-16le'", 'CREATE TABLE app (id)']) await world.rows(sql)
    const adapter = await world.adapter({ keyPrefix: 'äpp:', locks: 'database' })
    await adapter.lock.acquire('ö', 60_000)
    for (const key of ['a', 'b', 'ü', '🙂']) await adapter.cache.set(key, 'x'.repeat(key === 'b' ? 100_000 : 1))
    const [{ encoding } = {}] = await world.rows('PRAGMA encoding')
    assert.equal(encoding, 'UTF-16le')
    const found: [string | null, string][] = []
    for (let after: string | undefined; ; ) {
      const [item] = await all(
        adapter.inspect({ prefix: '*' }).entries({ limit: 1, values: true, ...(after !== undefined && { after }) }),
      )
      if (item === undefined) break
      found.push([item.prefix, item.key])
      assert.equal(String(item.value).length, item.key === 'b' ? 100_000 : 1)
      after = item.cursor
    }
    assert.deepEqual(
      new Map(found.map(([prefix, key]) => [key, prefix])),
      new Map(['a', 'b', 'ü', '🙂'].map((key) => [key, 'äpp:'])),
    )
    assert.equal(found.length, 4)
    assert.deepEqual(await codes(adapter.inspect().locks()), [['ö', undefined]])
  })

  check('a cursor of another list shows nothing beyond the prefix', async (world) => {
    const one = await world.adapter({ keyPrefix: 'a:' })
    const two = await world.adapter({ keyPrefix: 'b:' })
    for (const { cache } of [one, two]) await cache.setMany(['k', 'l'].map((key): [string, number] => [key, 1]))
    const [first] = await all(one.inspect().entries())
    const [, last] = await all(two.inspect().entries())
    assert.ok(first && last)
    assert.deepEqual(
      (await codes(two.inspect().entries({ after: first.cursor }))).map(([key]) => key),
      ['k', 'l'],
    )
    assert.deepEqual(await codes(one.inspect().entries({ after: last.cursor })), [])
  })

  check('rows of prefixes that nobody has used are listed among all', async (world) => {
    await createPublishedTables(world)
    await writePublishedRows(world)
    // It sorts before the unused prefixes, but they do not begin with it.
    const adapter = await world.adapter({ keyPrefix: 'aa:' })
    const named = async (list: AsyncIterable<{ prefix: string | null; key: string }>) =>
      (await all(list)).map(({ prefix, key }) => [prefix, key])
    const whole = adapter.inspect({ prefix: '*' })
    assert.deepEqual(await named(whole.results()), [
      [null, 'app:pay-1'],
      [null, 'app:pay-2'],
    ])
    assert.deepEqual(await named(whole.entries()), [
      ['app:', 'for ever'],
      ['app:', 'user:1'],
      ['other:', 'user:1'],
    ])
    assert.deepEqual(await named(whole.circuits()), [
      ['app:', 'api'],
      ['app:', 'fresh'],
    ])
    await world.adapter({ keyPrefix: 'app:' })
    assert.deepEqual(await named(adapter.inspect({ prefix: 'app:' }).results()), [
      ['app:', 'pay-1'],
      ['app:', 'pay-2'],
    ])
    assert.deepEqual(await named(adapter.inspect({ prefix: '*' }).results()), [
      ['app:', 'pay-1'],
      ['app:', 'pay-2'],
    ])
    // Tasks without a prefix belong to the first prefix.
    assert.deepEqual(await named(whole.tasks()), [['aa:', 'import']])
    assert.deepEqual(
      (await all(whole.prefixes())).map(({ prefix }) => prefix),
      ['aa:', 'app:', 'other:'],
    )
  })

  check('an owner of an ended process is reported as dead, one of another host is not', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const mine = await adapter.lock.acquire('mine', 60_000)
    assert.ok(mine)
    // No process has this number.
    const dead = mine.owner.replace(/:\d+:/, ':99999999:')
    const elsewhere = mine.owner.replace(/^[^:]+:/, 'elsewhere:')
    const container = mine.owner.replace(/:[0-9a-f]{8}-/, ':00000000-')
    for (const owner of [dead, elsewhere, container]) await adapter.lock.acquire(owner, 60_000, owner)
    const alive = new Map((await all(adapter.inspect().locks())).map(({ owner, process }) => [owner, process?.alive]))
    assert.equal(alive.get(mine.owner), true)
    assert.equal(alive.get(dead), false)
    assert.equal(alive.get(elsewhere), undefined)
    assert.equal(alive.get(container), undefined)
  })

  check('a read-only connection lists while another one writes', async (world) => {
    const writer = await world.openMade({ clock: world.clock, locks: 'database' })
    await writer.cache.set('k', 1)
    await writer.lock.acquire('l', 60_000)
    await writer.checkpoint.save(SOME_CHECKPOINT)
    const reader = await world.open({ clock: world.clock, readOnly: true })
    await writer.cache.set('later', 1)
    const inspection = reader.inspect({ prefix: '*' })
    assert.deepEqual((await codes(inspection.entries())).flat().filter(Boolean), ['k', 'later'])
    assert.deepEqual((await codes(inspection.locks())).flat().filter(Boolean), ['l'])
    assert.deepEqual((await codes(inspection.tasks())).flat().filter(Boolean), ['t'])
  })
})
