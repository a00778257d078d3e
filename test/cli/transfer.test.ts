import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proofCount } from '../proof/proof-count.js'
import { inFile, program, SQLiteAdapter, scopedb, scopedbHere, scopedbWith } from './scopedb.js'

const HOUR = 3_600_000

// The memory of Node can be limited. That of Bun cannot, which shows that the values come through: fewer show it as well.
const limited = process.versions.bun === undefined

let folder: string
let path: string
let exported: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scopedb-transfer-'))
  path = join(folder, 'app.db')
  await using shop = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:' })
  await shop.cache.set('ends', { at: new Date(0) }, HOUR)
  await shop.cache.set('a line\u2028and\nmore', new Map([[1, 2n]]))
  for (let call = 0; call < 3; call++) await shop.circuitBreaker.recordFailure('payments', 3)
  await shop.circuitBreaker.isolate('mail')
  await shop.idempotency.set('set', { receipt: 'R-1' }, HOUR)
  const lease = { lease: HOUR }
  const done = await shop.idempotency.claim('done', { ...lease, fingerprint: 'print' })
  if (done.state === 'claimed') await done.complete('claimed')
  const failed = await shop.idempotency.claim('failed', { ...lease, ttl: HOUR, onFailure: 'keep' })
  if (failed.state === 'claimed') await failed.fail(new RangeError('kept'))
  const unstored = await shop.idempotency.claim('unstored', lease)
  if (unstored.state === 'claimed') await unstored.complete(() => undefined).catch(() => undefined)
  await shop.idempotency.claim('under way', lease)
  // Equal sequences are in the order in which they were made.
  for (const [id, sequence] of [['c9', 1], ['c8', 2], ['c7', 2]] as const) {
    await shop.checkpoint.save({ id, taskId: 'import', sequence, timestamp: 5, progress: 12.5, data: { id } })
  }
  await using plain = await SQLiteAdapter.open(path, { locks: 'database' })
  await plain.cache.set('plain', 1)
  await plain.lock.acquire('nightly', HOUR)
  exported = (await scopedb(path, 'export')).out
}) // biome-ignore format: the checkpoints are easier to compare in one line
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Without the time in the first line, and that of the last change of a circuit. */
const comparable = (lines: string): string => lines.replace(/^.*\n/, '').replaceAll(/,"updatedAt":\d+/g, '')
const withLast = (counts: object, ...lines: string[]): string =>
  [exported.split('\n')[0], ...lines, JSON.stringify({ end: true, items: counts }), ''].join('\n')

test('what is exported and imported is the same, to the ms of its expiry; locks and claims stay', async () => {
  const target = join(folder, 'same.db')
  expect(await scopedbWith({ input: exported }, target, 'import', '--yes')).toEqual({
    code: 0,
    out: '',
    err: '2 circuits, 4 results, 3 checkpoints, 3 cache entries written\n',
  })
  const again = await scopedb(target, 'export')
  expect(comparable(again.out)).toBe(comparable(exported))
  expect(again.err).toContain('not locks and claims')
  expect((await scopedbHere(target, 'locks', '--expired')).out + (await scopedbHere(target, 'claims')).out).toBe('')
  await using shop = await SQLiteAdapter.open(target, { keyPrefix: 'shop:' })
  expect(await shop.cache.get('a line\u2028and\nmore')).toEqual(new Map([[1, 2n]]))
  expect((await shop.checkpoint.list('import')).map(({ id }) => id)).toEqual(['c9', 'c8', 'c7'])
  expect(await shop.idempotency.claim('failed', { lease: 1 })).toMatchObject({
    state: 'failed',
    error: { message: 'kept' },
  })
  await expect(shop.idempotency.claim('unstored', { lease: 1 })).rejects.toMatchObject({ code: 'RESULT_NOT_STORED' })
  const other = shop.idempotency.claim('done', { lease: 1, fingerprint: 'other' })
  await expect(other).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH', fingerprint: 'print' })
  expect(await shop.circuitBreaker.admit('mail', { resetTimeout: 1 })).toMatchObject({ admitted: false })
})

test('an item whose key is taken fails the import, is skipped, or replaces what is there', async () => {
  const target = join(folder, 'conflicts.db')
  const file = join(folder, 'conflicts.jsonl')
  writeFileSync(file, exported)
  await using shop = await SQLiteAdapter.open(target, { keyPrefix: 'shop:' })
  await shop.cache.set('ends', 'mine')
  await shop.idempotency.set('done', 'mine')
  const importing = (...more: string[]) => scopedbHere(target, 'import', file, '--yes', ...more)
  const failed = await importing()
  expect(failed.code).toBe(1)
  expect(failed.err).toMatch(/line \d+: the result done is there already; --conflicts skip/)
  const skipped = await importing('--conflicts', 'skip', '--json')
  expect(JSON.parse(skipped.out).there).toMatchObject({ circuit: 2, result: 4, cache: 1 })
  expect(await shop.cache.get('ends')).toBe('mine')
  expect((await shop.idempotency.get('done'))?.value).toBe('mine')
  expect((await importing('--conflicts', 'replace')).err).toContain('3 cache entries replaced')
  expect(await shop.cache.get('ends')).toEqual({ at: new Date(0) })
  expect((await shop.idempotency.get('done'))?.value).toBe('claimed')
  expect((await importing('--conflicts', 'merge')).code).toBe(2)
})

test('a claim under way in the target is not taken from its holder, whatever becomes of conflicts', async () => {
  const target = join(folder, 'held.db')
  await using shop = await SQLiteAdapter.open(target, { keyPrefix: 'shop:' })
  const claim = await shop.idempotency.claim('done', { lease: HOUR })
  const ended = await scopedbWith({ input: exported }, target, 'import', '--yes', '--conflicts', 'replace')
  expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('1 result left: claimed') })
  if (claim.state === 'claimed') expect(await claim.complete('mine')).toEqual({ recorded: true })
})

test('a result whose key is claimed, as by an import that was killed, is not taken for one that is there', async () => {
  const target = join(folder, 'killed.db')
  await using shop = await SQLiteAdapter.open(target, { keyPrefix: 'shop:' })
  const claim = await shop.idempotency.claim('done', { lease: HOUR })
  const importing = () => scopedbWith({ input: exported }, target, 'import', '--yes', '--conflicts', 'skip')
  expect(await importing()).toMatchObject({
    code: 1,
    err: expect.stringContaining('import again with --conflicts skip'),
  })
  if (claim.state === 'claimed') await claim.fail(new Error('killed'))
  expect(await importing()).toMatchObject({ code: 0, err: expect.stringContaining('1 result written') })
})

test('what is no export, is of a later release, or was cut short is refused and says why', async () => {
  const target = join(folder, 'refused.db')
  const importing = (input: string, into = target) => {
    const file = join(folder, 'given.jsonl')
    writeFileSync(file, input)
    return scopedbHere(into, 'import', file, '--yes')
  }
  for (const foreign of ['', 'key,value\n', '{"format":"other","version":1}\n', '\ud83d'.repeat(3)]) {
    expect(await importing(foreign)).toMatchObject({ code: 2, err: expect.stringContaining('no export of scopedb') })
  }
  const newer = await importing(exported.replace('"version":1', '"version":2'))
  expect(newer).toMatchObject({ code: 5, err: expect.stringContaining('format 2') })
  expect(existsSync(target)).toBe(false)
  const lines = exported.split('\n')
  const short = await importing(lines.slice(0, -2).join('\n'))
  expect(short).toMatchObject({ code: 2, err: expect.stringContaining('cut short') })
  const lost = lines.filter((line) => !line.includes('"plain"')).join('\n')
  expect(await importing(lost)).toMatchObject({ code: 1, err: expect.stringContaining('is there already') })
  const other = join(folder, 'lost.db')
  expect(await importing(lost, other)).toMatchObject({
    code: 2,
    err: expect.stringContaining('says that it has 3 cache, and 2 have come'),
  })
  const strange = withLast({}, '{"kind":"lock","prefix":"","key":"k"}')
  expect(await importing(strange)).toMatchObject({ code: 2, err: expect.stringContaining('line 2 is no item') })
})

test.each([
  [
    'an expiry that is a text',
    { kind: 'cache', prefix: '', key: 'k', value: '1', expiresAt: '2026-01-01' },
    'its expiresAt is "2026-01-01"',
  ],
  [
    'an expiry that is null',
    { kind: 'cache', prefix: '', key: 'k', value: '1', expiresAt: null },
    'its expiresAt is null',
  ],
  ['an entry without a key', { kind: 'cache', prefix: '', value: '1' }, 'it has no key'],
  ['a result without a value', { kind: 'result', prefix: '', key: 'k', outcome: 'completed' }, 'it has no value'],
  [
    'an outcome that is none',
    { kind: 'result', prefix: '', key: 'k', outcome: 'done', value: '1' },
    'its outcome is "done"',
  ],
  [
    'a sequence that is no whole number',
    { kind: 'checkpoint', prefix: '', id: 'c', taskId: 't', sequence: 1.5, timestamp: 1, progress: 1, data: '1' },
    'its sequence is 1.5',
  ],
  [
    'a state that is none',
    { kind: 'circuit', prefix: '', key: 'k', state: 'ajar', failures: 1, isolated: false, updatedAt: 1 },
    'its state is "ajar"',
  ],
  ['another kind', { kind: 'lock', prefix: '', key: 'k' }, 'its kind is "lock"'],
])('%s is refused with its line, and not taken for something else', async (_what, item, problem) => {
  const file = join(folder, 'wrong.jsonl')
  writeFileSync(file, withLast({}, JSON.stringify(item)))
  const ended = await scopedbHere(join(folder, 'wrong.db'), 'import', file, '--yes')
  expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(`line 2 is no item of an export: ${problem}`) })
})

test('items are written while others are still to come, and what has expired is left', async () => {
  const target = join(folder, 'stream.db')
  const entry = (key: string, more: object = {}) =>
    JSON.stringify({ kind: 'cache', prefix: '', key, value: '1', ...more })
  const many = Array.from({ length: 1_000 }, (_, at) => entry(`k${at}`))
  const broken = withLast({}, entry('expired', { expiresAt: 1 }), ...many, 'here it breaks')
  const ended = await scopedbWith({ input: broken }, target, 'import', '--yes')
  expect(ended).toMatchObject({
    code: 2,
    err: expect.stringMatching(/it ended early: 7\d\d cache entries written; 1 .* expired/),
  })
})

test('items behind one that is refused are written, and counted', async () => {
  const target = join(folder, 'counted.db')
  const entries = ['before', '', 'behind'].map((key) => JSON.stringify({ kind: 'cache', prefix: '', key, value: '1' }))
  const ended = await scopedbWith({ input: withLast({ cache: 3 }, ...entries) }, target, 'import', '--yes')
  expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('it ended early: 2 cache entries written\n') })
  await using adapter = await SQLiteAdapter.open(target)
  expect(await adapter.cache.keys()).toEqual(['before', 'behind'])
})

test('neither way holds more than a part in memory', async () => {
  // The limit is less than all values, and more than what Node 24 has not collected yet.
  const { runtime, megabytes } = limited
    ? { runtime: ['--max-old-space-size=36'], megabytes: 44 }
    : { runtime: [], megabytes: 4 }
  const [large, target, file] = ['large.db', 'large-copy.db', 'large.jsonl'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await using source = await SQLiteAdapter.open(large, { durability: 'process' })
  const value = (at: number): string => String(at).padEnd(1_000_000, '-')
  for (let at = 0; at < megabytes; at++) await source.cache.set(`k${at}`, value(at))
  expect(await scopedbWith({ runtime }, large, 'export', file)).toMatchObject({ code: 0 })
  expect(statSync(file).size).toBeGreaterThan(megabytes * 1_000_000)
  expect(await scopedbWith({ runtime }, target, 'import', file, '--yes')).toMatchObject({ code: 0 })
  await using copy = await SQLiteAdapter.open(target)
  for (const at of [0, megabytes - 1]) expect(await copy.cache.get(`k${at}`)).toBe(value(at))
}, 300_000)

test('a list comes in parts, as a table and as JSON, however many rows there are and however long their values', async () => {
  // Less than the values of one table, by as much as it is more than what parts take, which Node 24 collects late.
  const { runtime, large } = limited
    ? { runtime: ['--max-old-space-size=44'], large: 1_200 }
    : { runtime: [], large: 100 }
  const rows = proofCount({ inTests: 1_500, inSoak: 1_000_000 })
  const many = join(folder, 'many.db')
  await (await SQLiteAdapter.open(many)).disconnect()
  await inFile(
    many,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
INSERT INTO go_goscope_cache (key, value)
SELECT 'cache:k' || printf('%08d', i), CASE WHEN i > ${large} THEN '1' ELSE '"' || printf('%.*c', 40000, 'x') || '"' END FROM n`,
  )
  for (const format of [[], ['--jsonl']]) {
    const { code, lines } = await countedLines(runtime, many, 'cache', '--values', ...format)
    // A table begins anew, with its head, after 1,000 rows.
    expect([code, lines]).toEqual([0, format.length > 0 ? rows : rows + Math.ceil(rows / 1_000)])
  }
}, 300_000)

/** Runs `scopedb`, and keeps nothing of what it writes but how many lines it is. */
async function countedLines(runtime: readonly string[], ...args: readonly string[]) {
  const child = spawn(process.execPath, [...runtime, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let lines = 0
  child.stdout.on('data', (bytes: Buffer) => {
    // Not byte by byte, which would take as long as what writes them.
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++
  })
  const [code] = await once(child, 'close')
  return { code, lines }
}

test('an export to a file takes no other file away, is for its owner alone, and names what it could not read', async () => {
  const damaged = join(folder, 'damaged.db')
  const file = join(folder, 'damaged.jsonl')
  await using adapter = await SQLiteAdapter.open(damaged)
  await adapter.cache.set('good', 1)
  await adapter.cache.set('bad', 1)
  await inFile(damaged, "UPDATE go_goscope_cache SET value = x'ff' WHERE key LIKE '%bad'")
  const ended = await scopedbHere(damaged, 'export', file)
  expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('not exported: the cache entry bad') })
  expect(readFileSync(file, 'utf8')).toContain('"good"')
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await scopedbHere(path, 'export', file)).toMatchObject({ code: 2, err: expect.stringContaining('already') })
  expect(readFileSync(file, 'utf8')).toContain('"good"')
})

test('one prefix can be exported', async () => {
  const { out } = await scopedbHere(path, 'export', '--prefix', '')
  expect(out.split('\n').slice(1, -2).map((line) => JSON.parse(line).key)).toEqual(['plain'])
}) // biome-ignore format: one line is easier to read
