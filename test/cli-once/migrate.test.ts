import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { copyAsItIs } from '../../packages/cli/src/copy-as-it-is.js'
import { inFile, openHandle, SQLiteAdapter, scopedbHere as scopedb } from '../cli/scopedb.js'
import { insteadOfFlush } from '../harness/instead-of-flush.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const folder = temporaryFolder('scopedb-migrate')
/** As an app of go-go-scope 2.9 has left it. */
let published: string
let current: string

beforeAll(async () => {
  published = join(folder, 'published.db')
  await inFile(
    published,
    `CREATE TABLE go_goscope_cache (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER DEFAULT (unixepoch())
);
INSERT INTO go_goscope_cache (key, value) VALUES ('app:cache:k', '1');`,
  )
  current = join(folder, 'current.db')
  await using adapter = await SQLiteAdapter.open(current)
  await adapter.cache.set('k', 1)
})

function copyOf(file: string, name: string): string {
  const copy = join(folder, name)
  copyFileSync(file, copy)
  return copy
}

/** Returns a function that checks that the file and its sidecar files are unchanged. */
function watched(file: string): () => void {
  const before = readFileSync(file)
  return () => {
    expect(readFileSync(file).equals(before), 'the bytes of the file').toBe(true)
    expect(existsSync(`${file}-wal`), 'a log beside it').toBe(false)
  }
}

test('a dry run names the steps, and does not change a byte of the file', async () => {
  const file = copyOf(published, 'dry.db')
  const unchanged = watched(file)
  const { code, out, err } = await scopedb(file, 'migrate', '--dry-run')
  expect(code).toBe(0)
  const steps = out.trimEnd().split('\n')
  expect(steps.length).toBeGreaterThanOrEqual(6)
  for (const [at, step] of steps.entries()) expect(step).toMatch(new RegExp(`^to version ${at + 1}: \\w`))
  expect(err).toContain('nothing was changed')
  expect(JSON.parse((await scopedb(file, 'migrate', '--dry-run', '--json')).out)).toEqual({
    from: 0,
    to: steps.length,
    steps,
  })
  unchanged()
})

test('migrate runs the steps, and says so if there are none', async () => {
  const file = copyOf(published, 'migrated.db')
  const unchanged = watched(file)
  expect(await scopedb(file, 'migrate')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
  unchanged()
  expect(await scopedb(file, 'migrate', '--yes')).toMatchObject({ code: 0, err: expect.stringContaining('migrated') })
  expect(JSON.parse((await scopedb(file, 'cache', '--json')).out)).toMatchObject([{ prefix: 'app:', key: 'k' }])
  expect(await scopedb(file, 'migrate', '--yes')).toMatchObject({
    code: 0,
    out: '',
    err: 'the tables are up to date\n',
  })
})

test.each(['--backup', '--into'])('%s makes a copy also if the tables are up to date', async (option) => {
  const copy = join(folder, `of-current${option}.db`)
  const migrated = () => scopedb(current, 'migrate', '--yes', option, copy)
  expect(await migrated()).toMatchObject({ code: 0, err: expect.stringContaining(copy) })
  expect((await scopedb(copy, 'cache')).code).toBe(0)
  expect(await migrated()).toMatchObject({ code: 2 })
})

test('a dry run makes no copy, even if there is nothing to migrate', async () => {
  const to = join(folder, 'no-copy.db')
  for (const file of [current, copyOf(published, 'dry-older.db')])
    expect((await scopedb(file, 'migrate', '--dry-run', '--into', to)).code).toBe(0)
  expect(existsSync(to)).toBe(false)
})

test('with --backup the file as it was is kept, and another file is not overwritten', async () => {
  const file = copyOf(published, 'backed.db')
  const kept = join(folder, "as it's been.db")
  const unchanged = watched(file)
  expect((await scopedb(file, 'migrate', '--yes', '--backup', current)).code).toBe(2)
  unchanged()
  expect(await scopedb(file, 'migrate', '--yes', '--backup', kept)).toMatchObject({ code: 0 })
  if (process.platform !== 'win32') expect(statSync(kept).mode & 0o777).toBe(0o600)
  expect((await scopedb(file, 'cache')).code).toBe(0)
  expect((await scopedb(kept, 'cache')).code).toBe(7)
  expect((await scopedb(kept, 'migrate', '--yes')).code).toBe(0)
  expect(JSON.parse((await scopedb(kept, 'cache', '--json')).out)).toMatchObject([{ prefix: 'app:', key: 'k' }])
})

describe('an older file is not changed by', () => {
  const commands = [
    ['circuit', 'reset', 'k'],
    ['circuit', 'isolate', 'k'],
    ['lock', 'release', 'k', '--token', '1'],
    ['claim', 'free', 'k', '--generation', '1'],
    ['result', 'delete', 'k'],
    ['clear'],
    ['prune'],
    ['import', 'EXPORT'],
  ]
  test.each(commands.map((words) => [words.join(' '), words] as const))('%s', async (name, words) => {
    const file = copyOf(published, `${words.join('-').replaceAll('/', '')}.db`)
    const unchanged = watched(file)
    const given = words.map((word) => (word === 'EXPORT' ? emptyExport() : word))
    const { code, err } = await scopedb(file, ...given, '--yes')
    expect(code, name).toBe(7)
    expect(err).toContain(`scopedb ${file} migrate`)
    unchanged()
  })

  test('commands that read: they say what to do', async () => {
    const file = copyOf(published, 'looked.db')
    const unchanged = watched(file)
    for (const words of [[], ['cache'], ['verify'], ['export']]) {
      const { code, out, err } = await scopedb(file, ...words)
      expect([code, out]).toEqual([7, ''])
      expect(err).toContain('migrate --dry-run')
      expect(err).toContain(`scopedb ${file} migrate --into COPY`)
    }
    unchanged()
  })

  test('migrate --into, which migrates a copy', async () => {
    const file = copyOf(published, 'source.db')
    const unchanged = watched(file)
    const copy = join(folder, 'into.db')
    expect(await scopedb(file, 'migrate', '--into', copy, '--backup', copy)).toMatchObject({ code: 2 })
    expect(await scopedb(file, 'migrate', '--into', copy)).toMatchObject({
      code: 0,
      err: expect.stringContaining(`${file} is as it was`),
    })
    unchanged()
    expect(JSON.parse((await scopedb(copy, 'cache', '--json')).out)).toMatchObject([{ prefix: 'app:', key: 'k' }])
    expect(await scopedb(file, 'migrate', '--into', copy)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/FILE_EXISTS: .* has that name already.*choose another name/),
    })
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
  })
})

test('a copy gets its name when it is complete and on the disk, and a failure leaves nothing', async () => {
  // A name that needs quotes in SQL.
  const place = join(folder, "whole'")
  mkdirSync(place)
  const to = join(place, 'whole.db')
  const there = () => readdirSync(place)
  const failing = copyAsItIs(published, to, async (partial) => {
    expect([statSync(partial).size > 0, there()]).toEqual([true, [basename(partial)]])
    throw new Error('as planted')
  })
  await expect(failing).rejects.toThrow('as planted')
  expect(there()).toEqual([])
  // As a checkpoint leaves it that finds the disk full.
  let writer: Awaited<ReturnType<typeof openHandle>> | undefined
  const unfinished = copyAsItIs(published, to, async (partial) => {
    writer = await openHandle(partial)
    writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE late (a)')
  })
  await expect(unfinished).rejects.toThrow('could not be completed')
  writer?.close()
  expect(there()).toEqual([])
  // As on a disk that wrote something else.
  const damaged = copyAsItIs(published, to, async (partial) => {
    const bytes = readFileSync(partial)
    writeFileSync(partial, bytes.fill(0xff, 2 * 4_096, 3 * 4_096))
  })
  await expect(damaged).rejects.toThrow(/copy of .* is damaged/)
  expect(there()).toEqual([])
  const flushed: Stats[] = []
  const flush = async (handle: FileHandle): Promise<void> => void flushed.push(await handle.stat())
  await insteadOfFlush(flush, () =>
    copyAsItIs(published, to, async () => {
      const open = readdirSync('/proc/self/fd').map(
        (fd) => statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })?.ino,
      )
      expect(open, 'the source is closed').not.toContain(statSync(published).ino)
    }),
  )
  expect(flushed.map(({ ino }) => ino)).toEqual([statSync(to).ino, statSync(place).ino])
  expect([there(), statSync(to).mode & 0o777]).toEqual([['whole.db'], 0o600])
  writeFileSync(to, 'of somebody else')
  const refused = copyAsItIs(published, to, () => Promise.reject(new Error('it was copied first')))
  await expect(refused).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  expect([there(), readFileSync(to, 'utf8')]).toEqual([['whole.db'], 'of somebody else'])
  const nowhere = copyAsItIs(published, join(place, 'missing', 'whole.db'))
  await expect(nowhere).rejects.toMatchObject({ code: 'CANNOT_OPEN', operation: 'migrate' })
})

test('a file that is not a database of ours is named as such', async () => {
  const file = join(folder, 'foreign.db')
  await inFile(file, 'CREATE TABLE bookmarks (url TEXT)')
  const unchanged = watched(file)
  for (const words of [[], ['locks'], ['prune', '--yes']]) {
    const { code, err } = await scopedb(file, ...words)
    expect([code, err]).toEqual([7, expect.stringContaining('has no tables of go-go-scope persistence')])
    expect(err).not.toContain('version')
  }
  unchanged()
})

test('a trigger that was dropped is named, and made again', async () => {
  const file = copyOf(current, 'dropped.db')
  await inFile(file, 'DROP TRIGGER go_goscope_claim_granted')
  expect(await scopedb(file, 'prune', '--yes')).toMatchObject({ code: 7 })
  expect((await scopedb(file, 'migrate', '--dry-run')).out).toBe('make go_goscope_claim_granted again\n')
  expect((await scopedb(file, 'migrate', '--yes')).code).toBe(0)
  expect((await scopedb(file, 'prune', '--yes')).code).toBe(0)
})

test('a missing file is not created', async () => {
  const missing = join(folder, 'missing.db')
  expect((await scopedb(missing, 'migrate', '--yes')).code).toBe(2)
  expect(existsSync(missing)).toBe(false)
})

function emptyExport(): string {
  const file = join(folder, 'empty.jsonl')
  const items = { circuit: 0, result: 0, checkpoint: 0, cache: 0 }
  writeFileSync(file, `{"format":"scopedb-export","version":1,"at":1}\n${JSON.stringify({ end: true, items })}\n`)
  return file
}
