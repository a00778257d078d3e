import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { untilInterrupted } from '../../packages/cli/src/interrupted.js'
import { writeLines } from '../../packages/cli/src/transfer/lines.js'
import { exportOf, fillForExport, HOUR } from '../cli/fill-for-export.js'
import { inFile, SQLiteAdapter, scopedbHere, scopedbWith } from '../cli/scopedb.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const folder = temporaryFolder('scopedb-transfer')
const path = join(folder, 'app.db')
let exported: string

beforeAll(async () => {
  await fillForExport(path)
  exported = (await scopedbHere(path, 'export')).out
})

test('an item whose key exists fails the import, is skipped, or replaces the existing one', async () => {
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

test('a running claim in the target stays with its holder, under every conflict policy', async () => {
  const target = join(folder, 'held.db')
  await using shop = await SQLiteAdapter.open(target, { keyPrefix: 'shop:' })
  const claim = await shop.idempotency.claim('done', { lease: HOUR })
  const ended = await scopedbWith({ input: exported }, target, 'import', '--yes', '--conflicts', 'replace')
  expect(ended).toMatchObject({ code: 1, err: expect.stringContaining('1 result left: claimed') })
  if (claim.state === 'claimed') expect(await claim.complete('mine')).toEqual({ recorded: true })
})

test('a result whose key is claimed, as by a killed import, does not count as existing', async () => {
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

test('a file that is not an export, is of a later release, or is cut short is refused with the reason', async () => {
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
  const strange = exportOf(exported, {}, '{"kind":"lock","prefix":"","key":"k"}')
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
])('%s is refused with its line, and not misread', async (_what, item, problem) => {
  const file = join(folder, 'wrong.jsonl')
  writeFileSync(file, exportOf(exported, {}, JSON.stringify(item)))
  const ended = await scopedbHere(join(folder, 'wrong.db'), 'import', file, '--yes')
  expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(`line 2 is no item of an export: ${problem}`) })
})

test('items after a refused one are written, and counted', async () => {
  const target = join(folder, 'counted.db')
  const entries = ['before', '', 'behind'].map((key) => JSON.stringify({ kind: 'cache', prefix: '', key, value: '1' }))
  const ended = await scopedbWith({ input: exportOf(exported, { cache: 3 }, ...entries) }, target, 'import', '--yes')
  expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('it ended early: 2 cache entries written\n') })
  await using adapter = await SQLiteAdapter.open(target)
  expect(await adapter.cache.keys()).toEqual(['before', 'behind'])
})

test('an export to a file overwrites none, has mode 0600, and names what it could not read', async () => {
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

test('an export that fails at its first line leaves a file that was there', async () => {
  const file = join(folder, 'earlier.jsonl')
  writeFileSync(file, 'an earlier export')
  async function* unreadable(): AsyncGenerator<string> {
    yield* []
    throw new Error('the database is damaged')
  }
  await expect(writeLines(unreadable(), file)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  expect(readFileSync(file, 'utf8')).toBe('an earlier export')
  rmSync(file)
  await expect(writeLines(unreadable(), file)).rejects.toThrow('the database is damaged')
  expect(existsSync(file)).toBe(false)
})

test('an export has its name when it is complete, and one that is interrupted leaves nothing behind', async () => {
  const place = join(folder, 'interrupted')
  mkdirSync(place)
  const file = join(place, 'new.jsonl')
  const seen: boolean[] = []
  async function* lines(interrupt: boolean): AsyncGenerator<string> {
    yield 'x'.repeat(100_000)
    seen.push(existsSync(file))
    if (interrupt) {
      const heard = once(process, 'SIGINT')
      process.kill(process.pid, 'SIGINT')
      await heard
    }
    yield 'last'
  }
  // As in an app that calls `run`: without it, the process would end.
  const listener = () => undefined
  process.on('SIGINT', listener)
  const listening = process.listenerCount('SIGINT')
  await expect(untilInterrupted((signal) => writeLines(lines(true), file, signal))).rejects.toBe('SIGINT')
  expect([process.listenerCount('SIGINT'), readdirSync(place)]).toEqual([listening, []])
  process.off('SIGINT', listener)
  await writeLines(lines(false), file)
  expect([seen, readdirSync(place)]).toEqual([[false, false], ['new.jsonl']])
})

test('one prefix can be exported', async () => {
  const { out } = await scopedbHere(path, 'export', '--prefix', '')
  expect(out.split('\n').slice(1, -2).map((line) => JSON.parse(line).key)).toEqual(['plain'])
}) // biome-ignore format: one line is easier to read
