import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { held } from '../held.js'
import { someOfOurOwn } from '../property.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const database = { locks: 'database' } as const

interface Made {
  type: string
  name: string
  sql: string
}

async function indexesAndTriggers(world: World): Promise<Made[]> {
  const rows = await world.rows(
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY name",
  )
  return rows.map(({ type, name, sql }) => ({ type: String(type), name: String(name), sql: String(sql) }))
}

// Numbers the handles: each is a new one on the file, as a separate process has it.
let handles = 0
async function later(world: World, options = {}): Promise<AdapterUnderTest> {
  return world.unconnected(await world.plainHandle(`later ${++handles}`), { ...database, ...options })
}

async function refusedUnchanged(world: World, code: string, says: readonly (string | RegExp)[]): Promise<void> {
  const before = await world.dump()
  for (const options of [{ createTables: true }, { createTables: false }]) {
    const adapter = await later(world, options)
    await refuses(() => adapter.connect(), { code, says })
  }
  assert.equal(await world.dump(), before)
}

export const remadeSchema: EngineSuite = engineSuite('schema that was changed by others', (check) => {
  check('a dropped index or trigger is recreated, or named where nothing may be created', async (world) => {
    await (await world.open(database)).disconnect()
    const made = await indexesAndTriggers(world)
    assert.ok(made.length >= 19, `${made.length} indexes and triggers`)
    for (const { type, name } of someOfOurOwn(made)) {
      await world.rows(`DROP ${type} ${name}`)
      const before = await world.dump()
      const strict = await later(world, { createTables: false })
      const error = await refuses(() => strict.connect(), { code: 'SCHEMA_MISSING', says: [name, /createTables/] })
      assert.deepEqual((error as { steps?: readonly string[] }).steps, [`make ${name} again`])
      await refuses(() => world.open({ readOnly: true }), { code: 'SCHEMA_MISSING', says: [name, /write access/] })
      assert.equal(await world.dump(), before)
      await (await later(world)).connect()
      assert.deepEqual(await indexesAndTriggers(world), made, name)
    }
  })

  check('a table that was rebuilt by a tool gets back what it lost', async (world) => {
    await (await world.open(database)).disconnect()
    const made = await indexesAndTriggers(world)
    const tables = await world.rows(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name LIKE 'go!_%' ESCAPE '!'",
    )
    for (const { name, sql } of tables) {
      await world.rows(String(sql).replace(String(name), `"rebuilt"`))
      await world.rows(`INSERT INTO rebuilt SELECT * FROM ${name}`)
      await world.rows(`DROP TABLE ${name}`)
      await world.rows(`ALTER TABLE rebuilt RENAME TO ${name}`)
    }
    const clock = realTimers(world.clock.now)
    await Promise.all([(await later(world, { clock })).connect(), (await later(world, { clock })).connect()])
    const names = (objects: Made[]) => objects.map(({ name }) => name)
    assert.deepEqual(names(await indexesAndTriggers(world)), names(made))
    await (await later(world, { createTables: false })).connect()
  })

  check('no token is granted twice, also after grants while a trigger was missing', async (world) => {
    const old = await world.adapter(database)
    for (const trigger of ['go_goscope_locks_inserted', 'go_goscope_locks_updated']) {
      await world.rows(`DROP TRIGGER ${trigger}`)
      const before = []
      for (const keys of [
        ['a', 'b', 'c'],
        ['a', 'd'],
      ]) {
        before.push(...(await Promise.all(keys.map((key) => old.lock.acquire(key, 1_000)))))
        world.clock.advance(1_000)
        // Removes the rows from which the trigger would be able to restore the tokens, as a sweep does.
        if (trigger === 'go_goscope_locks_inserted') await world.rows('DELETE FROM go_goscope_locks')
      }
      const highest = Math.max(...before.map((lock) => lock?.token ?? Number.NaN))
      const next = await later(world)
      for (const key of ['a', 'x', 'y']) {
        const lock = await next.lock.acquire(key, 1_000)
        assert.ok((lock?.token ?? 0) > highest, `${lock?.token} after ${highest}`)
      }
      world.clock.advance(1_000)
    }
  })

  check('the time of claims does not go back after a trigger was missing', async (world) => {
    const old = await world.adapter()
    await world.rows('DROP TRIGGER go_goscope_claim_granted')
    world.clock.advance(60_000)
    held(await old.idempotency.claim('k', { lease: 1_000 }))
    await (await later(world)).connect()
    const [row] = await world.rows('SELECT now FROM go_goscope_claim_clock')
    assert.equal(row?.now, world.clock.now())
  })

  check('recorded tries are removed after a trigger that guards them was missing', async (world) => {
    await (await world.open(database)).disconnect()
    await world.rows('INSERT INTO go_goscope_lease_time VALUES (1, 1, 1, 1)')
    await world.rows('DROP TRIGGER go_goscope_time_locks_granted')
    await (await later(world)).connect()
    assert.deepEqual(await world.rows('SELECT * FROM go_goscope_lease_time'), [])
  })

  check('an index or trigger of ours with another text is refused, with the remedy', async (world) => {
    await (await world.open(database)).disconnect()
    for (const { type, name, sql } of someOfOurOwn(await indexesAndTriggers(world))) {
      const other =
        type === 'trigger' ? sql.replace(/BEGIN[\s\S]*END$/, 'BEGIN SELECT 1; END') : sql.replace(')', ', key)')
      // Other programs may also create the published indexes, so only ours are checked.
      if (type === 'index' && !/idx_(locks|claims|claim_records)_/.test(name)) continue
      await world.rows(`DROP ${type} ${name}`)
      await world.rows(other)
      await refusedUnchanged(world, 'FOREIGN_TABLE', [name, /drop it/])
      await world.rows(`DROP ${type} ${name}`)
      await (await later(world)).connect()
    }
  })

  check('a current file without its version is refused as SCHEMA_MISSING', async (world) => {
    await (await world.open(database)).disconnect()
    await world.rows("DELETE FROM go_goscope_meta WHERE key = 'schema_version'")
    await refusedUnchanged(world, 'SCHEMA_MISSING', ['go_goscope_meta', /backup/])
    await world.rows('DROP TABLE go_goscope_meta')
    await refusedUnchanged(world, 'SCHEMA_MISSING', ['go_goscope_meta', /backup/])
  })

  check('a table of ours that lacks a column is refused, naming both', async (world) => {
    await (await world.open(database)).disconnect()
    await world.rows('ALTER TABLE go_goscope_claims DROP COLUMN owner')
    await refusedUnchanged(world, 'SCHEMA_MISSING', ['go_goscope_claims', 'owner', /backup/])
  })
})
