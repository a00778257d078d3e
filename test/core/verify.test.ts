import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inFile, SQLiteAdapter, scopedbHere } from '../cli/scopedb.js'

let folder: string
/** A file after all kinds of work. */
let healthy: string

/** The wall clock in ms, which the test moves. */
let now = Date.UTC(2026, 0, 1)
const clock = {
  now: () => now,
  monotonic: () => now,
  setTimer: () => () => undefined,
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scopedb-verify-'))
  healthy = join(folder, 'healthy.db')
  for (const keyPrefix of ['', 'shop:', 'shop:eu:']) await work(healthy, keyPrefix)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Does everything that an app can do, also with a clock that is set forward and back. */
async function work(file: string, keyPrefix: string): Promise<void> {
  await using adapter = await SQLiteAdapter.open(file, { locks: 'database', keyPrefix, clock })
  const { lock, cache, idempotency, circuitBreaker, checkpoint } = adapter

  await lock.acquire('held', 60_000, 'ada')
  await lock.acquire('held', 60_000, 'ada')
  await lock.acquire('expired', 10)
  await (await lock.acquire('released', 60_000))?.release()
  await lock.acquire('for ever', Number.MAX_SAFE_INTEGER)

  await cache.set('lasting', { at: new Date(0), size: 2n })
  await cache.set('expired', 1, 10)
  await idempotency.set('set', 'before')
  await idempotency.set('set', 'after', 10)
  const claimed = async (key: string, onFailure: 'keep' | 'forget' = 'forget') => {
    const claim = await idempotency.claim(key, { lease: 1_000, ttl: 50, fingerprint: key, onFailure })
    if (claim.state !== 'claimed') throw new Error(`${key} is ${claim.state}`)
    return claim
  }
  await (await claimed('completed')).complete({ receipt: 1 })
  await (await claimed('kept', 'keep')).fail(new Error('declined'))
  await (await claimed('forgotten')).fail(new Error('again'))
  await (await claimed('unstored')).complete(() => undefined).catch(() => undefined)
  await claimed('running')

  for (const key of ['open', 'half-open', 'isolated'])
    for (let call = 0; call < 3; call++) await circuitBreaker.recordFailure(key, 3)
  await circuitBreaker.isolate('isolated')
  await circuitBreaker.recordSuccess('isolated')
  await circuitBreaker.recordSuccess('closed')
  for (let sequence = 1; sequence <= 2; sequence++) {
    const data = { done: sequence }
    await checkpoint.save({ id: `c${sequence}`, taskId: 'import', sequence, timestamp: now, progress: 50, data })
  }

  now += 5_000
  const trial = { resetTimeout: 1_000, lease: 60_000, probes: 2 }
  const admission = await circuitBreaker.admit('half-open', trial)
  if (admission.admitted) await circuitBreaker.succeeded(admission.permit, 3)
  await circuitBreaker.admit('half-open', trial)
  await (await claimed('completed')).complete({ receipt: 2 })
  await claimed('kept')
  await claimed('running')
  await lock.acquire('expired', 60_000)
  await idempotency.delete('unstored')
  await adapter.prune()
  now -= 60_000
  await lock.acquire('behind', 1_000)
  await claimed('behind')
}

interface Found {
  readonly where: string
  readonly what: string
}

async function found(file: string): Promise<{ code: number | null; findings: Found[]; items: number }> {
  const { code, out, err } = await scopedbHere(file, 'verify', '--json')
  if (out === '') throw new Error(err)
  return { code, ...JSON.parse(out) }
}

describe('verify says nothing about', () => {
  test('a file in which all kinds of work were done', async () => {
    const { code, findings, items } = await found(healthy)
    expect({ code, findings }).toEqual({ code: 0, findings: [] })
    expect(items).toBeGreaterThanOrEqual(3 * 12)
  })

  test('a file that others write meanwhile, and a standby follows', async () => {
    await using adapter = await SQLiteAdapter.open(join(folder, 'live.db'), { locks: 'database' })
    const { Standby } = await frontEnd()
    await using standby = await Standby.follow(adapter, { target: join(folder, 'standby.db') })
    let ended = false
    const writing = (async () => {
      for (let i = 0; !ended; i++) {
        const held = await adapter.lock.acquire(`lock:${i % 7}`, 60_000)
        const claim = await adapter.idempotency.claim(`key:${i % 7}`, { lease: 60_000, ttl: 1 })
        if (claim.state === 'claimed') await claim.complete(i)
        await held?.release()
      }
    })()
    try {
      for (let look = 0; look < 20; look++) expect((await adapter.verify()).faults).toEqual([])
    } finally {
      ended = true
      await writing
    }
    await standby.waitFor()
  })

  test('a file that a schedule backs up, and its backup, which is made while the schedule holds its lock', async () => {
    const file = join(folder, 'scheduled.db')
    await using adapter = await SQLiteAdapter.open(file)
    const { BackupSchedule } = await frontEnd()
    await using schedule = BackupSchedule.start(adapter, { directory: folder, every: 3_600_000 })
    await expect.poll(() => schedule.list(), { timeout: 20_000 }).toHaveLength(1)
    const [backup] = await schedule.list()
    for (const path of [file, String(backup?.path)]) {
      expect(await found(path)).toMatchObject({ code: 0, findings: [], items: 1 })
    }
  })

  test('a file of go-go-scope 2.9 that was migrated, and then worked with', async () => {
    const file = join(folder, 'published.db')
    await inFile(file, PUBLISHED)
    expect((await scopedbHere(file, 'verify')).code, 'older tables are no damage').toBe(7)
    expect((await scopedbHere(file, 'migrate', '--yes')).code).toBe(0)
    expect(await found(file)).toMatchObject({ code: 0, findings: [] })
    await work(file, 'app:')
    expect(await found(file)).toMatchObject({ code: 0, findings: [] })
  })
})

/** For each: a change to a healthy file without an adapter, and what `verify` then reports. */
const DAMAGES: readonly (readonly [name: string, sql: string, where: string, what: RegExp])[] = [
  [
    'a counter of tokens that was set back',
    'UPDATE go_goscope_lock_counter SET token = 2',
    'locks',
    /token is beyond the counter/,
  ],
  [
    'a lock that is younger than the clock of locks',
    'UPDATE go_goscope_lock_counter SET clock = 5',
    'locks',
    /held.*clock of locks/,
  ],
  ['no counter of tokens', 'DELETE FROM go_goscope_lock_counter', 'locks', /nobody gets a lock/],
  [
    'a lock that is held and given back',
    "UPDATE go_goscope_locks SET holds = 0 WHERE key GLOB '*held'",
    'locks',
    /^held: .*at the same time/,
  ],
  ['a claim without a clock', 'DELETE FROM go_goscope_claim_clock', 'claims', /clock of claims is gone/],
  [
    'a claim that is younger than the clock of claims',
    'UPDATE go_goscope_claim_clock SET now = 5',
    'claims',
    /^running: .*clock of claims/,
  ],
  [
    'a counter of generations that was set back',
    "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'go_goscope_claims'",
    'claims',
    /counter of generations is behind/,
  ],
  [
    'a claim whose lease ends before it begins',
    "UPDATE go_goscope_claims SET expires_at = 5 WHERE key GLOB '*running'",
    'claims',
    /^running: its lease ends before/,
  ],
  [
    'a claim beside its result',
    `INSERT INTO go_goscope_claims (key, owner, granted_at, expires_at) SELECT 'completed', 'o', now, now + 9 FROM go_goscope_claim_clock;
     DROP TRIGGER go_goscope_result_replaced;
     UPDATE go_goscope_idempotency SET expires_at = NULL WHERE key = 'completed';
     CREATE TRIGGER IF NOT EXISTS go_goscope_result_replaced AFTER UPDATE ON go_goscope_idempotency BEGIN
  DELETE FROM go_goscope_claims WHERE key = NEW.key;
  DELETE FROM go_goscope_claim_records WHERE key = NEW.key;
END`,
    'claims',
    /^completed: its key has a result/,
  ],
  [
    'a claim beside a kept failure',
    `INSERT OR REPLACE INTO go_goscope_claim_records (key, failure)
       SELECT key, '{"message":"m"}' FROM go_goscope_claims WHERE key GLOB '*running'`,
    'claims',
    /^running: its key has a kept failure/,
  ],
  [
    'a fingerprint without its result',
    "INSERT INTO go_goscope_claim_records (key, fingerprint) VALUES ('orphan', 'f')",
    'results',
    /^orphan: its fingerprint/,
  ],
  [
    'the time of leases beyond their last grant',
    `INSERT OR REPLACE INTO go_goscope_lease_time (id, mark, now, wall) VALUES (1, ${Number.MAX_SAFE_INTEGER}, 1, 1)`,
    'schema',
    /time of leases/,
  ],
  [
    'orphan probes',
    `UPDATE go_goscope_circuit SET probes = '[["p",1,1]]', revision = revision + 1 WHERE key = 'circuit:open'`,
    'circuits',
    /^open: it has probes under way/,
  ],
  [
    'successes of no trial',
    "UPDATE go_goscope_circuit SET successes = 1, revision = revision + 1 WHERE key = 'circuit:closed'",
    'circuits',
    /^closed: probes have succeeded/,
  ],
  [
    'an isolated circuit that is closed',
    "UPDATE go_goscope_circuit SET state = 'closed', revision = revision + 1 WHERE key = 'circuit:isolated'",
    'circuits',
    /^isolated: it is isolated and not open/,
  ],
  ['an unknown state', "UPDATE go_goscope_circuit SET state = 'ajar' WHERE key = 'circuit:open'", 'circuits', /ajar/],
  [
    'an entry that cannot be decoded',
    "UPDATE go_goscope_cache SET value = '{' WHERE key = 'cache:lasting'",
    'cache',
    /^lasting: /,
  ],
  [
    'a result that cannot be decoded',
    "UPDATE go_goscope_idempotency SET value = 'dv1:[' WHERE key = 'completed'",
    'results',
    /^completed: /,
  ],
  [
    'a checkpoint that cannot be decoded, and is not the newest',
    "UPDATE go_goscope_checkpoints SET data = '{' WHERE sequence = 1",
    'tasks',
    /^c1: /,
  ],
  [
    'prefixes whose names meet',
    "UPDATE go_goscope_prefixes SET idempotency = 'plain' WHERE prefix = 'shop:'",
    'prefixes',
    /^shop:: it begins with another prefix/,
  ],
  [
    'two prefixes with tasks as published',
    "UPDATE go_goscope_prefixes SET checkpoints = 'plain' WHERE prefix = 'shop:'",
    'prefixes',
    /^shop:: it is not the only prefix/,
  ],
  [
    'names of a prefix that is not settled',
    "DELETE FROM go_goscope_prefixes WHERE prefix = 'shop:eu:'",
    'tasks',
    /^c1: its prefix is not/,
  ],
  [
    "a trigger of somebody else's on a table of ours",
    'CREATE TRIGGER theirs AFTER INSERT ON go_goscope_locks BEGIN SELECT 1; END',
    'schema',
    /^trigger theirs: /,
  ],
  [
    "a unique index of somebody else's on a table of ours",
    'CREATE UNIQUE INDEX theirs ON go_goscope_circuit(key, state)',
    'schema',
    /^index theirs: /,
  ],
  [
    'a trigger of ours with another text',
    `DROP TRIGGER go_goscope_locks_inserted;
     CREATE TRIGGER go_goscope_locks_inserted AFTER INSERT ON go_goscope_locks BEGIN SELECT 1; END`,
    'schema',
    /go_goscope_locks_inserted belongs to something else/,
  ],
  ['a trigger that is gone', 'DROP TRIGGER go_goscope_claim_renewed', 'schema', /go_goscope_claim_renewed/],
  ['a table that is gone', 'DROP TABLE go_goscope_claim_records', 'schema', /lacks go_goscope_claim_records/],
  ['a column that is not ours', 'ALTER TABLE go_goscope_locks ADD COLUMN mine TEXT', 'schema', /mine is not ours/],
  [
    'a schema version that is no number',
    "UPDATE go_goscope_meta SET value = 'x' WHERE key = 'schema_version'",
    'file',
    /schema_version/,
  ],
  [
    'a log of changes that misses a table',
    'CREATE TABLE go_goscope_changes (seq INTEGER PRIMARY KEY, tbl TEXT NOT NULL, key, token INTEGER NOT NULL DEFAULT 0)',
    'schema',
    /^go_goscope_locks: .*a standby misses changes/,
  ],
]

describe('verify finds', () => {
  for (const [at, [name, sql, where, what]] of DAMAGES.entries()) {
    test(name, async () => {
      const file = join(folder, `damaged-${at}.db`)
      copyFileSync(healthy, file)
      await inFile(file, sql)
      const { code, findings } = await found(file)
      expect(code).toBe(1)
      expect(findings).toContainEqual({ where, what: expect.stringMatching(what) })
      // The damage and its consequences, and not the whole file.
      expect(new Set(findings.map((finding) => finding.where)).size).toBeLessThanOrEqual(4)
    })
  }

  test('no more faults than were asked for', async () => {
    const file = join(folder, 'many.db')
    copyFileSync(healthy, file)
    await inFile(file, "UPDATE go_goscope_cache SET value = '{'")
    await using adapter = await SQLiteAdapter.open(file)
    expect((await adapter.verify()).faults).toHaveLength(3)
    expect(await adapter.verify({ limit: 2 })).toMatchObject({ complete: false, faults: { length: 2 } })
  })
})

async function frontEnd(): Promise<typeof import('@go-go-scope/persistence-sqlite-node')> {
  return process.versions.bun === undefined
    ? import('@go-go-scope/persistence-sqlite-node')
    : ((await import('@go-go-scope/persistence-sqlite-bun')) as never)
}

/** The exact tables of 2.9, with rows of an app. */
const PUBLISHED = `
CREATE TABLE go_goscope_circuit (key TEXT PRIMARY KEY, state TEXT NOT NULL, failure_count INTEGER NOT NULL DEFAULT 0,
  last_failure_time INTEGER, last_success_time INTEGER, updated_at INTEGER NOT NULL);
CREATE TABLE go_goscope_cache (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER,
  created_at INTEGER DEFAULT (unixepoch()));
CREATE INDEX idx_cache_expires ON go_goscope_cache(expires_at);
CREATE TABLE go_goscope_checkpoints (id TEXT PRIMARY KEY, task_id TEXT NOT NULL, sequence INTEGER NOT NULL,
  timestamp INTEGER NOT NULL, progress INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL,
  estimated_time_remaining INTEGER, created_at INTEGER DEFAULT (unixepoch()));
CREATE INDEX idx_checkpoints_task ON go_goscope_checkpoints(task_id);
CREATE INDEX idx_checkpoints_sequence ON go_goscope_checkpoints(task_id, sequence);
CREATE TABLE go_goscope_idempotency (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER,
  created_at INTEGER DEFAULT (unixepoch()), updated_at INTEGER DEFAULT (unixepoch()));
INSERT INTO go_goscope_cache (key, value, expires_at) VALUES ('app:cache:k', '1', unixepoch() + 60), ('cache:k', '"x"', NULL);
INSERT INTO go_goscope_circuit (key, state, failure_count, last_failure_time, updated_at)
  VALUES ('app:circuit:c', 'open', 3, 1, 1), ('circuit:h', 'half-open', 1, 1, 1);
INSERT INTO go_goscope_idempotency (key, value, expires_at) VALUES ('app:i', '{"error":null}', unixepoch() + 60), ('j', '1', NULL);
INSERT INTO go_goscope_checkpoints (id, task_id, sequence, timestamp, progress, data)
  VALUES ('t-1', 'task', 1, 1, 50, '{"done":1}');`
