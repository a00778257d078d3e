import { writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { SqlAdapter } from '@go-go-scope/persistence-core/dialect'
import { copyTablesOf29, runCommand } from '@go-go-scope/persistence-postgres/copy'
import { expect, test } from 'vitest'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, newPlace, onFile, onServer, type Place, toServer } from './moved-store.js'
import { AS_JSONB, AS_TEXT, IN_ONE_HOUR, NOW, PublishedServer, type Shape, withZoneOfRole } from './published-server.js'

/** Expects the answers of each store of 2.9 for the rows of {@link PublishedServer.fill}. */
async function expectAnswers(adapter: SqlAdapter): Promise<void> {
  const { cache, circuitBreaker, idempotency, checkpoint } = adapter
  expect(await cache.get('user')).toEqual({ name: 'Ada', tags: [1, null, 2.5] })
  expect(await cache.get('for ever')).toBe('té\u0001xt \u{1f600}')
  const listed: unknown[] = []
  for await (const { key, expiresAt } of adapter.inspect().entries()) listed.push([key, expiresAt])
  expect(listed).toEqual([
    ['for ever', undefined],
    ['user', IN_ONE_HOUR],
  ])
  expect(await circuitBreaker.getState('api')).toEqual({
    state: 'open',
    failureCount: 5,
    lastFailureTime: NOW - 1_000,
    lastSuccessTime: NOW - 9_000,
  })
  expect(await circuitBreaker.getState('fresh')).toMatchObject({ state: 'closed', failureCount: 0 })
  expect(await openings(adapter)).toEqual({ api: NOW - 1_000, fresh: undefined })
  expect(await idempotency.get('pay-1')).toEqual({ value: [null, { receipt: 7 }], expiresAt: IN_ONE_HOUR })
  expect(await idempotency.get('pay-2')).toEqual({ value: [null, null] })
  expect(await idempotency.get('expired')).toBeNull()
  const first = {
    id: 'import-1',
    taskId: 'import',
    sequence: 1,
    timestamp: NOW - 20,
    progress: 33.3,
    data: { row: 100 },
  }
  const second = { ...first, id: 'import-2', sequence: 2, data: { row: 200, none: {} }, estimatedTimeRemaining: 4_000 }
  expect(await checkpoint.list('import')).toEqual([first, second])
  expect(await checkpoint.loadLatest('import')).toEqual(second)
  expect((await checkpoint.loadLatest('equal'))?.id).toBe('made last')
}

/** Returns the times since when circuits are open. */
async function openings(adapter: SqlAdapter): Promise<Record<string, number | undefined>> {
  const found: Record<string, number | undefined> = {}
  for await (const { key, openedAt } of adapter.inspect().circuits()) found[key] = openedAt
  return found
}

async function copied(place: Place, { schema }: PublishedServer): ReturnType<typeof copyTablesOf29> {
  return copyTablesOf29(serverUrl(), place.file, { schema })
}

async function proveShape(shape: Shape): Promise<void> {
  const [place, target] = [await newPlace(), await newPlace()]
  const server = await PublishedServer.make(place, shape)
  await server.fill()
  const { outcome, tables } = await copied(place, server)
  const rows = Object.fromEntries(tables.map((table) => [table.table, table.rows]))
  expect([outcome, rows]).toEqual(['copied', { circuit: 2, idempotency: 3, checkpoints: 4, cache: 4 }])
  expect(await readdir(place.folder)).toEqual(['app.db'])
  const file = await onFile(place.file)
  await expectAnswers(file)
  expect((await file.verify()).faults).toEqual([])
  const other = await onFile(place.file, 'other:')
  expect(await other.cache.get('user')).toBe(false)
  for (const adapter of [file, other]) await adapter.disconnect()

  await toServer({ ...target, file: place.file })
  await expectAnswers(await onServer(target))
}

test('tables of 2.9 with jsonb and timestamp answer on a file and on a server', () => proveShape(AS_JSONB))

test('tables of 2.9 with text and bigint answer on a file and on a server', () => proveShape(AS_TEXT))

test('times without a zone are those of the role, or of the zone that is named', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB, 'Asia/Tokyo')
  await server.insert('idempotency', { key: 'shop:k', value: '1', expires_at: server.time(IN_ONE_HOUR) })
  const expiry = async (file: string): Promise<unknown> => (await (await onFile(file)).idempotency.get('k'))?.expiresAt
  await withZoneOfRole(place.schema, 'Asia/Tokyo', async (url) => {
    await copyTablesOf29(url, place.file, server)
    expect(await expiry(place.file)).toBe(IN_ONE_HOUR)
    await copyTablesOf29(url, `${place.file}.named`, { ...server, timeZone: 'America/New_York' })
    expect(await expiry(`${place.file}.named`)).toBeGreaterThanOrEqual(IN_ONE_HOUR + 13 * 3_600_000)
    const nowhere = copyTablesOf29(url, `${place.file}.no`, { ...server, timeZone: 'Mars/Olympus' })
    await expect(nowhere).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('Mars') })
  })
  // With a time zone, times are unambiguous.
  await admin.query(`ALTER TABLE ${server.table('idempotency')} ALTER expires_at TYPE timestamptz
    USING to_timestamp(${IN_ONE_HOUR} / 1000.0)`)
  await copyTablesOf29(serverUrl(), `${place.file}.zoned`, { ...server, timeZone: 'America/New_York' })
  expect(await expiry(`${place.file}.zoned`)).toBe(IN_ONE_HOUR)
})

test('expiries of 2.9 may be infinite, or seconds', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB)
  await server.insert(
    'cache',
    { key: 'shop:cache:ever', value: '1', expires_at: 'infinity' },
    { key: 'shop:cache:gone', value: '2', expires_at: '-infinity' },
  )
  await admin.query(`ALTER TABLE ${server.table('idempotency')} ALTER expires_at TYPE float8 USING NULL`)
  const inOneHour = Math.floor(IN_ONE_HOUR / 1_000)
  await server.insert(
    'idempotency',
    { key: 'shop:seconds', value: '1', expires_at: inOneHour },
    { key: 'shop:ever', value: '1', expires_at: 'Infinity' },
  )
  await copied(place, server)
  const { cache, idempotency } = await onFile(place.file)
  expect(await cache.keys()).toEqual(['ever'])
  expect(await idempotency.get('seconds')).toEqual({ value: 1, expiresAt: inOneHour * 1_000 })
  expect(await idempotency.get('ever')).toEqual({ value: 1 })
})

test('tables of 2.9 of any size are read completely', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB)
  await admin.query(`INSERT INTO ${server.table('cache')} (key, value)
    SELECT 'shop:cache:' || n, to_jsonb(repeat('x', n)) FROM generate_series(1, 1000) AS n`)
  expect((await copied(place, server)).tables.at(-1)).toMatchObject({ table: 'cache', rows: 1_000 })
  const { cache } = await onFile(place.file)
  for (const n of [1, 500, 1_000]) expect(await cache.get(String(n))).toBe('x'.repeat(n))
})

test('optional tables and columns of 2.9 may be missing', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_TEXT)
  await server.fill()
  await admin.query(`DROP TABLE ${server.table('cache')}, ${server.table('checkpoints')}`)
  await admin.query(`ALTER TABLE ${server.table('idempotency')} DROP expires_at`)
  await admin.query(`ALTER TABLE ${server.table('circuit')} DROP updated_at`)
  expect((await copied(place, server)).tables.map(({ table }) => table)).toEqual(['circuit', 'idempotency'])
  const adapter = await onFile(place.file)
  const { circuitBreaker, idempotency } = adapter
  expect(await idempotency.get('expired')).toEqual({ value: [null, 1] })
  await circuitBreaker.recordFailure('api', 5)
  expect(await openings(adapter)).toEqual({ api: NOW - 1_000, fresh: undefined })
})

test('an unreadable row of tables of 2.9 is named, and no file is left', async () => {
  const place = await newPlace()
  const refused = async (code: string, message: string): Promise<void> => {
    const copying = copyTablesOf29(serverUrl(), place.file, { schema: place.schema })
    await expect(copying).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    expect(await readdir(place.folder)).toEqual([])
  }
  await refused('SCHEMA_MISSING', `go_goscope_idempotency, go_goscope_checkpoints, go_goscope_cache in postgres://`)
  const server = await PublishedServer.make(place, AS_TEXT)
  await server.fill()
  await server.insert('cache', { key: 'shop:cache:odd', value: '{no JSON', expires_at: null })
  await refused('VALUE_UNREADABLE', '"shop:cache:odd" of go_goscope_cache has no JSON in value')
  await admin.query(`UPDATE ${server.table('circuit')} SET state = 'ajar' WHERE key = 'shop:circuit:api'`)
  await refused('VALUE_UNREADABLE', '"shop:circuit:api" of go_goscope_circuit has no state of a circuit in state')
  await admin.query(`ALTER TABLE ${server.table('circuit')} ALTER failure_count TYPE text`)
  await refused('FOREIGN_TABLE', 'go_goscope_circuit has a column failure_count of the type text')
  await admin.query(`ALTER TABLE ${server.table('circuit')} DROP failure_count`)
  await refused('FOREIGN_TABLE', 'go_goscope_circuit has no column failure_count')
})

test('a copy of tables of 2.9 that differs gets no file name', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB)
  // A view whose rows differ at each read: the verification compares with the second read.
  await admin.query(`ALTER TABLE ${server.table('cache')} RENAME TO cache_rows`)
  await admin.query(`CREATE VIEW ${server.table('cache')} AS
    SELECT 'shop:cache:k'::text AS key, to_jsonb(random()) AS value, NULL::float8 AS expires_at`)
  await expect(copied(place, server)).rejects.toMatchObject({ code: 'DIVERGED' })
  expect(await readdir(place.folder)).toEqual([])
})

test('a copy of tables of 2.9 is a snapshot, and writes nothing to the server', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB)
  const facts = `to_jsonb(current_setting('transaction_isolation') || ', read only ' ||
    current_setting('transaction_read_only') || ', since ' || now()) AS value, NULL::float8 AS expires_at`
  for (const [table, key] of [
    ['cache', 'shop:cache:k'],
    ['idempotency', 'shop:k'],
  ] as const) {
    await admin.query(`ALTER TABLE ${server.table(table)} RENAME TO ${table}_rows`)
    await admin.query(`CREATE VIEW ${server.table(table)} AS SELECT '${key}'::text AS key, ${facts}`)
  }
  await copied(place, server)
  const { cache, idempotency } = await onFile(place.file)
  const value = await cache.get('k')
  expect(value).toMatch(/^repeatable read, read only on, since 2/)
  expect(await idempotency.get('k')).toEqual({ value })
})

test('a copy of tables of 2.9 overwrites no file', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB)
  await server.fill()
  const progress = (): void => writeFileSync(place.file, 'of somebody')
  const exists = { code: 'FILE_EXISTS' }
  await expect(copyTablesOf29(serverUrl(), place.file, { ...server, progress })).rejects.toMatchObject(exists)
  expect([await readdir(place.folder), await readFile(place.file, 'utf8')]).toEqual([['app.db'], 'of somebody'])
  await expect(copied(place, server)).rejects.toMatchObject(exists)
})

test('a dry run of a copy from 2.9 counts, and creates no file', async () => {
  const place = await newPlace()
  const server = await PublishedServer.make(place, AS_JSONB)
  await server.fill()
  const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const [out, err]: [string[], string[]] = [[], []]
    const code = await runCommand(args, { out: (text) => out.push(text), err: (text) => err.push(text) })
    return { code, out: out.join(''), err: err.join('') }
  }
  const url = new URL(serverUrl())
  url.password = 'secret'
  const copy = ['copy', '--from-2.9', url.href, place.file, '--schema', place.schema]
  const dry = await run(...copy, '--dry-run')
  expect(dry).toMatchObject({ code: 0, err: '' })
  const tables = ['circuit 2', 'idempotency 3', 'checkpoints 4', 'cache 4'].map((each) => {
    const [table, rows] = each.split(' ')
    return { table, rows: Number(rows) }
  })
  expect(JSON.parse(dry.out)).toMatchObject({ outcome: 'dry-run', tables })
  expect(await readdir(place.folder)).toEqual([])
  expect(await run(...copy, '--wait', '1')).toMatchObject({ code: 2, err: expect.stringContaining('--wait') })
  expect(await run('copy', place.file, url.href, '--time-zone', 'UTC')).toMatchObject({ code: 2 })
  expect(await run('copy', '--from-2.9', url.href, url.href)).toMatchObject({ code: 2 })
  const done = await run(...copy, '--time-zone', 'UTC')
  expect(done).toMatchObject({ code: 0, err: expect.stringMatching(/^copying /) })
  expect(JSON.parse(done.out).tables[3]).toMatchObject({ table: 'cache', rows: 4, sha256: expect.any(String) })
  expect(dry.out + done.out + done.err).not.toContain('secret')
  expect(await run(...copy)).toMatchObject({ code: 1, err: expect.stringContaining('[FILE_EXISTS]') })
})
