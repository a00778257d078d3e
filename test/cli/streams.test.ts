import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { proofCount } from '../proof/proof-count.js'
import { exportOf, fillForExport } from './fill-for-export.js'
import { inFile, program, SQLiteAdapter, scopedb, scopedbHere, scopedbWith } from './scopedb.js'

// How a runtime reads and writes streams and how much it buffers. Which imports are accepted is tested in test/cli-once.
// Only Node has a memory limit. Bun only shows that all values arrive, for which fewer values are enough.
const limited = process.versions.bun === undefined

const folder = temporaryFolder('scopedb-streams')
const path = join(folder, 'app.db')
let exported: string

beforeAll(async () => {
  await fillForExport(path)
  exported = (await scopedb(path, 'export')).out
})

/** Removes the time in the first line and the times of the last changes of circuits. */
const comparable = (lines: string): string => lines.replace(/^.*\n/, '').replaceAll(/,"updatedAt":\d+/g, '')

test('items are the same after export and import, to the ms of their expiry; locks and claims are left out', async () => {
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

test('items are written while others are still being read, and expired ones are skipped', async () => {
  const target = join(folder, 'stream.db')
  const entry = (key: string, more: object = {}) =>
    JSON.stringify({ kind: 'cache', prefix: '', key, value: '1', ...more })
  const many = Array.from({ length: 1_000 }, (_, at) => entry(`k${at}`))
  const broken = exportOf(exported, {}, entry('expired', { expiresAt: 1 }), ...many, 'here it breaks')
  const ended = await scopedbWith({ input: broken }, target, 'import', '--yes')
  expect(ended).toMatchObject({
    code: 2,
    err: expect.stringMatching(/it ended early: 7\d\d cache entries written; 1 .* expired/),
  })
})

test('an import that refuses its first line ends, although its input stays open', async () => {
  const args = [program, 'import', join(folder, 'refused.db'), '--yes']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.write('no export\n')
  const [code] = await once(child, 'exit')
  expect(code).toBe(2)
  child.stdin.destroy()
})

test('neither way holds more than a part in memory', async () => {
  // The limit is below the size of all values, and above what Node 24 has not collected yet.
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

test('a list is written in parts, as a table and as JSON, whatever the number of rows and the length of values', async () => {
  // The limit is below the values of one table, with room for buffers that Node 24 collects late.
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
  // The formats differ only in our own code, so one is enough for the buffering of a runtime.
  const formats = process.versions.node.startsWith('20') ? [['--jsonl']] : [[], ['--jsonl']]
  for (const format of formats) {
    const { code, lines } = await countedLines(runtime, many, 'cache', '--values', ...format)
    // The table begins anew after each 1,000 rows: a blank line, and its head.
    expect([code, lines]).toEqual([0, format.length > 0 ? rows : rows + 2 * Math.ceil(rows / 1_000) - 1])
  }
}, 600_000)

/** Runs `scopedb` and counts its lines without keeping them. */
async function countedLines(runtime: readonly string[], ...args: readonly string[]) {
  const child = spawn(process.execPath, [...runtime, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let lines = 0
  child.stdout.on('data', (bytes: Buffer) => {
    // A search is used, because a loop over all bytes would take as long as the writing.
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++
  })
  const [code] = await once(child, 'close')
  return { code, lines }
}
