import { join } from 'node:path'
import { type SqlDriver, SqliteAdapter, type SyncDriver } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { seededRandom } from '../proof/seeded-random.mjs'
import { inAnotherThread } from './in-another-thread.js'
import { overEngineWorker } from './over-engine-worker.js'
import { RandomFaults } from './random-faults.js'

const KEYS = 8
const TURNS = 6
const MOST_AT_ONCE = 6
const HOUR_MS = 3_600_000

type Write = (key: string, value: number) => Promise<unknown>

/** The writes of an adapter, by the name of what they write. */
async function writesOf(adapter: SqliteAdapter, run: number): Promise<readonly (readonly [string, Write])[]> {
  const lock = await adapter.lock.acquire(`job-${run}`, HOUR_MS)
  if (lock === null) expect.unreachable('the lock is free')
  const fenced: Write = (key, value) =>
    adapter.fenced(lock, [
      { sql: 'INSERT OR REPLACE INTO own VALUES (?, 0)', parameters: [key] },
      { sql: 'SELECT * FROM own' },
      { sql: 'UPDATE own SET value = ? WHERE key = ?', parameters: [value, key] },
    ])
  return [
    ['cache', (key, value) => adapter.cache.set(key, value)],
    ['result', (key, value) => adapter.idempotency.set(key, value)],
    ['own', fenced],
  ]
}

// `interrupts`: whether the app interrupts ROLLBACK too, as it can on a handle of `sqlite3`.
const KINDS: readonly (readonly [kind: string, made: (driver: SyncDriver) => SqlDriver, interrupts: boolean])[] = [
  ['a synchronous engine', (driver) => driver, false],
  ['an asynchronous engine', (driver) => inAnotherThread(driver), false],
  ['an asynchronous engine that the app interrupts', (driver) => inAnotherThread(driver), true],
  ['an engine in a thread', overEngineWorker, false],
]

test.each(KINDS)(
  '%s: after any faults exactly the acknowledged writes are committed',
  async (kind, made, interrupts) => {
    const random = seededRandom(printedSeed(`faults of ${kind}`))
    const below = (count: number): number => Math.floor(random() * count)
    const path = join(temporaryFolder('fault-sequences'), 'app.db')
    const other = new DatabaseSync(path)
    other.exec('PRAGMA journal_mode = WAL; CREATE TABLE own (key TEXT PRIMARY KEY, value INTEGER) STRICT')
    const faults = new RandomFaults(random, interrupts)
    const acknowledged = new Map<string, number>()
    let refusals = 0
    for (let run = 1; run <= proofCount({ inTests: 25, inSoak: 1_000 }); run++) {
      const driver = faults.over(new DatabaseSync(path))
      const adapter = new SqliteAdapter(driver, () => made(driver), { locks: 'database', busyTimeout: 0, random })
      const writes = await writesOf(adapter, run)
      // Sees only what is committed.
      const committed = other.prepare(`
      SELECT replace(key, ':', ' ') AS name, value FROM go_goscope_cache UNION ALL
      SELECT 'result ' || key, value FROM go_goscope_idempotency UNION ALL
      SELECT 'own ' || key, value FROM own`)
      for (let turn = 1; turn <= TURNS; turn++) {
        faults.rate = below(3) === 0 ? 0 : random() / 4
        const calls = Array.from({ length: 1 + below(MOST_AT_ONCE) }, async (_, call) => {
          const [name, write] = writes[below(writes.length)] as (typeof writes)[number]
          const key = `${below(KEYS)} of call ${call}`
          const value = TURNS * run + turn
          try {
            await write(key, value)
            acknowledged.set(`${name} ${key}`, value)
          } catch (error) {
            expect(error).toMatchObject({ _tag: 'PersistenceError' })
            refusals++
          }
        })
        await Promise.all(calls)
        const found = committed.all().map(({ name, value }) => [String(name), Number(value)] as const)
        expect(new Map(found), `run ${run}, turn ${turn}`).toEqual(acknowledged)
        // No transaction is left open. After an interrupted ROLLBACK, the next call ends it.
        if (!interrupts) other.exec('BEGIN IMMEDIATE; ROLLBACK')
      }
      faults.rate = 0
      await adapter.disconnect()
    }
    expect(refusals).toBeGreaterThan(0)
    other.close()
  },
  600_000,
)
