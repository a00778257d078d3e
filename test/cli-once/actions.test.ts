import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program, SQLiteAdapter, scopedbHere as scopedb } from '../cli/scopedb.js'

const HOUR = 3_600_000
let folder: string
let path: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scopedb-actions-'))
  path = join(folder, 'app.db')
  await using adapter = await SQLiteAdapter.open(path, { locks: 'database' })
  await adapter.cache.set('k', 1)
  await adapter.circuitBreaker.recordFailure('k', 1)
  await adapter.idempotency.set('k', 1)
  await adapter.idempotency.claim('claimed', { lease: HOUR })
  await adapter.lock.acquire('k', HOUR, 'me')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Every command that changes something, and its dry-run text. `EXPORT` is an export. */
const COMMANDS: readonly (readonly [does: RegExp, words: readonly string[]])[] = [
  [/reset the circuit k/, ['circuit', 'reset', 'k']],
  [/isolate the circuit k/, ['circuit', 'isolate', 'k']],
  [/release the lock k, if its token is 1, in .*app\.db/, ['lock', 'release', 'k', '--token', '1']],
  [/free the claim on claimed, if its generation is 1/, ['claim', 'free', 'claimed', '--generation', '1']],
  [/remove the result of k/, ['result', 'delete', 'k']],
  [/remove the cache entry k/, ['entry', 'delete', 'k']],
  [/remove the cache entries of apps without a prefix/, ['clear']],
  [
    /remove the cache entries that begin with s: of the prefix shop:/,
    ['clear', '--starts-with', 's:', '--prefix', 'shop:'],
  ],
  [/remove what has expired/, ['prune']],
  [/write the items of .*empty\.jsonl/, ['import', 'EXPORT']],
]

test.each(COMMANDS)('without --yes and a terminal nothing is done: %s', async (does, words) => {
  const before = readFileSync(path)
  const { code, out, err } = await scopedb(path, ...words.map((word) => (word === 'EXPORT' ? emptyExport() : word)))
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(does)
  expect(err).toContain('pass --yes')
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('without --yes and a terminal no backup is restored', async () => {
  const copy = join(folder, 'copy.db')
  expect(await scopedb(path, 'backup', copy)).toMatchObject({ code: 0, out: `${copy}\n` })
  const target = join(folder, 'target.db')
  expect(await scopedb('restore', copy, target)).toMatchObject({ code: 2, err: expect.stringContaining('pass --yes') })
  expect(existsSync(target)).toBe(false)
})

test('a backup that is interrupted leaves nothing behind, and ends as by the signal', async () => {
  const place = join(folder, 'interrupted')
  mkdirSync(place)
  const args = [program, path, 'backup', join(place, 'copy.db'), '--max-bytes-per-second', '1']
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const ended = once(child, 'close')
  await expect.poll(() => readdirSync(place), { timeout: 60_000 }).not.toEqual([])
  child.kill('SIGINT')
  expect(await ended).toEqual([null, 'SIGINT'])
  expect(readdirSync(place)).toEqual([])
})

test('what is interrupted ends when its file is removed, also if that takes longer', async () => {
  const source = new URL('../../packages/cli/src/interrupted.ts', import.meta.url)
  // As by a thread in which an engine is busy when the work rejects.
  const code = `
    import { writeSync } from 'node:fs'
    import { untilInterrupted } from '${source}'
    await untilInterrupted((signal) => new Promise((_, reject) => {
      const alive = setInterval(() => undefined, 60_000)
      signal.addEventListener('abort', () => {
        clearInterval(alive)
        setTimeout(() => writeSync(1, 'removed'), 100)
        reject(signal.reason)
      })
      setTimeout(() => process.kill(process.pid, 'SIGINT'))
    }))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout.on('data', (text) => {
    out += text
  })
  expect([...(await once(child, 'close')), out]).toEqual([null, 'SIGINT', 'removed'])
})

test('a claim is freed only under the generation that was shown', async () => {
  const file = join(folder, 'claim.db')
  await using adapter = await SQLiteAdapter.open(file, { keyPrefix: 'shop:' })
  const claim = await adapter.idempotency.claim('charge', { lease: HOUR })
  if (claim.state !== 'claimed') throw new Error(claim.state)
  const free = (key: string, generation: number) =>
    scopedb(file, 'claim', 'free', key, '--generation', String(generation), '--prefix', 'shop:', '--yes')
  expect(await free('charge', claim.generation + 1)).toMatchObject({
    code: 1,
    err: expect.stringContaining(`has the generation ${claim.generation}`),
  })
  expect(await free('other', claim.generation)).toMatchObject({
    code: 1,
    err: expect.stringContaining('nobody works on'),
  })
  expect(await claim.renew()).toBe(true)
  expect(await free('charge', claim.generation)).toEqual({
    code: 0,
    out: '',
    err: 'charge can be claimed\n',
  })
  expect(await claim.complete('late')).toMatchObject({ recorded: false })
  expect((await scopedb(file, 'claims')).err).toBe('none\n')
})

test.each([
  ['circuit', 'reset'],
  ['result', 'delete'],
  ['entry', 'delete'],
])('%s %s of an absent key says so, and creates no row', async (...words) => {
  const before = await scopedb(path, 'export')
  expect(await scopedb(path, ...words, 'kk', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('nothing was changed'),
  })
  expect((await scopedb(path, 'export')).out.split('\n').slice(1, -2)).toEqual(before.out.split('\n').slice(1, -2))
})

test('a kept failure is deleted, also where results of longer keys are listed before it', async () => {
  const file = join(folder, 'failures.db')
  await using adapter = await SQLiteAdapter.open(file)
  await adapter.idempotency.set('charge:12', 1)
  const claim = await adapter.idempotency.claim('charge:1', { lease: HOUR, onFailure: 'keep' })
  if (claim.state !== 'claimed') throw new Error(claim.state)
  await claim.fail('declined')
  expect((await scopedb(file, 'result', 'delete', 'charge:1', '--yes')).code).toBe(0)
  expect((await adapter.idempotency.claim('charge:1', { lease: HOUR })).state).toBe('claimed')
})

test.each([
  ['a folder', ['FOLDER', 'locks'], 'is a folder; name the file of the database in it'],
  ['a backup that is not there', ['restore', 'FOLDER/none.db', 'FOLDER/other.db', '--yes'], 'there is no file'],
  ['a beginning that is empty', ['FOLDER/app.db', 'clear', '--starts-with', '', '--yes'], '--starts-with is empty'],
  ['two formats', ['FOLDER/app.db', 'locks', '--json', '--jsonl'], 'one of the two'],
])('%s is refused', async (_, words, problem) => {
  const ended = await scopedb(...words.map((word) => word.replace('FOLDER', folder)))
  expect(ended).toMatchObject({ code: 2, out: '', err: expect.stringContaining(problem) })
})

test.each([
  ['a mistyped option', ['clear', '--start-with', 'none', '--yes'], 'there is no option --start-with'],
  ['a word too many', ['clear', 'session:', '--yes'], 'nothing to do with "session:"'],
  ['an option without its value', ['clear', '--yes', '--starts-with'], '--starts-with needs a value'],
  ['a missing word', ['claim', 'free', '--generation', '1', '--yes'], 'key is missing'],
  ['a missing option', ['claim', 'free', 'claimed', '--yes'], '--generation N is missing'],
  ['a value of an option that takes none', ['clear', '--yes=no'], '--yes takes no value'],
  ['an option with a value in its negative form', ['clear', '--no-prefix', 'shop:', '--yes'], 'mean --prefix?'],
  ['the same with the value in one word', ['clear', '--no-starts-with=s:', '--yes'], 'mean --starts-with?'],
  [
    'a word with one dash',
    ['clear', '-prefix', 'shop:', '--yes'],
    'there is no option -prefix (did you mean --prefix?)',
  ],
  ['a key that begins with a dash and contains an h', ['clear', '-Zhq1', '--yes'], 'there is no option -Zhq1'],
  ['an option in the place of a value', ['clear', '--yes', '--prefix', '--no-color'], '--prefix needs a value'],
])('%s is refused, with how the command is called, and nothing is done', async (_, words, problem) => {
  const before = readFileSync(path)
  const { code, err } = await scopedb(path, ...words)
  expect(code).toBe(2)
  expect(err).toContain(problem)
  expect(err).toContain(`scopedb <db> ${words[0]}`)
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('the value of an option may have any characters, and what comes after -- is no option', async () => {
  const file = join(folder, 'any.db')
  const keyPrefix = '--no-color=a=b:'
  await using adapter = await SQLiteAdapter.open(file, { keyPrefix })
  const names = ['--yes', '--no-json', '-h', '--help', '--']
  await adapter.cache.setMany([...names, 'k'].map((key) => [key, 1]))
  const remove = (key: string) => scopedb(file, 'entry', 'delete', '--yes', `--prefix=${keyPrefix}`, '--', key)
  for (const key of names) expect(await remove(key)).toMatchObject({ code: 0, out: '' })
  expect(await adapter.cache.keys()).toEqual(['k'])
  expect(await scopedb(file, 'cache', '--starts-with', '-h')).toMatchObject({ code: 0, out: '' })
  for (const help of ['--help', '-h']) {
    expect((await scopedb(file, 'cache', '--bogus', help)).out).toMatch(/^scopedb <db> cache \[options\]/)
  }
})

test('keys of an app that has raised its maxKeyLength can be named', async () => {
  const file = join(folder, 'long.db')
  const key = 'k'.repeat(60_000)
  await using adapter = await SQLiteAdapter.open(file, { locks: 'database', maxKeyLength: key.length })
  await adapter.cache.set(key, 1)
  const lock = await adapter.lock.acquire(key, HOUR, 'me')
  await adapter.checkpoint.save({ id: 'c', taskId: key, sequence: 1, timestamp: 1, progress: 1, data: 1 })
  expect((await scopedb(file, 'entry', 'delete', key, '--yes')).code).toBe(0)
  expect((await scopedb(file, 'lock', 'release', key, '--token', String(lock?.token), '--yes')).code).toBe(0)
  expect((await scopedb(file, 'task', key)).code).toBe(0)
  expect([await adapter.cache.has(key), await lock?.isValid()]).toEqual([false, false])
})

function emptyExport(): string {
  const file = join(folder, 'empty.jsonl')
  writeFileSync(file, '{"format":"scopedb-export","version":1,"at":1}\n{"end":true,"items":{}}\n')
  return file
}
