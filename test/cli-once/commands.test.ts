import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PersistenceError, type PersistenceErrorCode, systemClock } from '@go-go-scope/persistence-core/public'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { EXIT, exitCodeOf } from '../../packages/cli/src/exit-codes.js'
import { type Ended, inFile, SQLiteAdapter, scopedbHere } from '../cli/scopedb.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const ESCAPE = 'a\u001b[31mb'
const folder = temporaryFolder('scopedb')
const path = join(folder, 'app.db')

beforeAll(async () => {
  await using shop = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:' })
  await shop.cache.set('session:42', { user: 'ada', at: new Date(0) }, 600_000)
  await shop.cache.set(ESCAPE, new Map([[1, 2n]]))
  for (let call = 0; call < 3; call++) await shop.circuitBreaker.recordFailure('payments', 3)
  await shop.idempotency.set('charge:1', { receipt: 'R-1' }, 600_000)
  for (let sequence = 1; sequence <= 3; sequence++) {
    const data = { done: sequence * 100, source: 'sales.csv' }
    await shop.checkpoint.save({
      id: `c${sequence}`,
      taskId: 'import',
      sequence,
      timestamp: sequence,
      progress: sequence * 25,
      data,
    })
  }
  await using plain = await SQLiteAdapter.open(path, { locks: 'database' })
  await plain.lock.acquire('nightly', 600_000, 'the operator')
})

const parsed = ({ out }: Ended): Record<string, unknown>[] => JSON.parse(out)

describe('who holds a lock and how far a task is', () => {
  test('are output as JSON', async () => {
    const [lock] = parsed(await scopedbHere(path, 'locks', '--json'))
    expect(lock).toMatchObject({ prefix: '', key: 'nightly', owner: 'the operator', held: true, token: 1 })
    const [task] = parsed(await scopedbHere('tasks', path, '--json', '--values'))
    expect(task).toMatchObject({ prefix: 'shop:', key: 'import', latest: { progress: 75, data: { done: 300 } } })
  })

  test('are shown with a hint where locks in memory are', async () => {
    const { code, out, err } = await scopedbHere(path, 'locks', '--prefix', 'shop:')
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(err).toMatch(/^none; .*locks: 'process'.*memory/)
    expect((await scopedbHere(path, 'claims')).err).toBe('none\n')
  })

  test('are shown as a timeline, and by what changed', async () => {
    const { out } = await scopedbHere(path, 'task', 'import')
    expect(out.match(/^\d +1970-01-01T/gm)).toHaveLength(3)
    const { out: changed } = await scopedbHere(path, 'task', 'import', '--diff', '1:3')
    expect(changed).toBe('- done: 100\n+ done: 300\n')
  })

  test('are compared value by value, so that moved and repeated values count', async () => {
    const file = join(folder, 'compared.db')
    await using app = await SQLiteAdapter.open(file)
    const data = [
      { a: { n: 1 }, b: { n: 2 }, list: [7, 7, 8], 'a.b': [], '\u202e': 'x' },
      { a: { n: 2 }, b: { n: 1 }, list: [7, 8], 'a.b': {}, '\u202e': 'y' },
      undefined,
    ]
    for (const [at, one] of data.entries()) {
      const sequence = at + 1
      await app.checkpoint.save({ id: `${at}`, taskId: 't', sequence, timestamp: 1, progress: 1, data: one })
    }
    const compared = async (which: string): Promise<string[]> =>
      (await scopedbHere(file, 'task', 't', '--diff', which)).out.split('\n').slice(0, -1)
    expect(await compared('1:2')).toEqual([
      ...['- a.n: 1', '+ a.n: 2', '- b.n: 2', '+ b.n: 1', '- list[1]: 7', '+ list[1]: 8', '- list[2]: 8'],
      ...['- ["a.b"]: []', '+ ["a.b"]: {}', '- ["\\u202e"]: "x"', '+ ["\\u202e"]: "y"'],
    ])
    expect(await compared('1:1')).toEqual(['the data is the same'])
    expect(await compared('2:3')).toContain('+ undefined')
  })
})

describe('lists', () => {
  test('contain the items of all prefixes, of one, or those that start with a text', async () => {
    expect(parsed(await scopedbHere(path, 'cache', '--json')).map(({ key }) => key)).toEqual([ESCAPE, 'session:42'])
    expect(parsed(await scopedbHere(path, 'cache', '--json', '--prefix', 'other:'))).toEqual([])
    const some = await scopedbHere(path, 'cache', '--prefix', 'shop:', '--starts-with', 'sess', '--jsonl')
    expect(JSON.parse(some.out)).toMatchObject({ key: 'session:42' })
  })

  test('show values on request', async () => {
    const [without] = parsed(await scopedbHere(path, 'results', '--json'))
    expect(without).not.toHaveProperty('value')
    const [given] = parsed(await scopedbHere(path, 'results', '--json', '--values'))
    expect(given?.value).toEqual({ receipt: 'R-1' })
  })

  test('continue after a value that contains itself, and show values that JSON lacks', async () => {
    const file = join(folder, 'circular.db')
    await using adapter = await SQLiteAdapter.open(file)
    const shared = { n: 1n }
    const value: Record<string, unknown> = {
      one: shared,
      two: new Map([['same', shared]]),
      nan: Number.NaN,
    }
    value.whole = new Set([value])
    await adapter.cache.set('circular', value)
    await adapter.cache.set('last', 1)
    const { code, out } = await scopedbHere(file, 'cache', '--values', '--jsonl')
    expect(code).toBe(0)
    expect(out.split('\n', 2).map((line) => JSON.parse(line).value)).toEqual([
      { one: { n: '1' }, two: [['same', { n: '1' }]], nan: 'NaN', whole: ['[Circular]'] },
      1,
    ])
    // A time that is no date, and a progress that is nearly 100.
    await adapter.checkpoint.save({ id: 'c', taskId: 't', sequence: 1, timestamp: 9e15, progress: 99.9, data: value })
    const shown = await scopedbHere(file, 'task', 't')
    expect(shown.out).toMatch(/1 +9000000000000000 +█{19}░ {2}99 % .*Circular/)
    expect((await scopedbHere(file, 'tasks')).out).toMatch(/█{19}░ {2}99 %/)
  })

  test('escape control characters of keys', async () => {
    const { out } = await scopedbHere(path, 'cache')
    expect(out).not.toContain('\u001b')
    expect(out).toContain(String.raw`a\u001b[31mb`)
  })

  test('quote keys that could be taken for other keys, or for two columns', async () => {
    const file = join(folder, 'quoted.db')
    await using adapter = await SQLiteAdapter.open(file)
    await adapter.cache.setMany(['a b', 'a  b', 'b ', '"c"', 'd\u00a0e', 'f\u3000g'].map((key) => [key, '"x  y"']))
    const { out } = await scopedbHere(file, 'cache', '--values')
    const shown = out.split('\n').slice(1, -1)
    expect(shown.map((line) => /^ {8}(.*?) {2,}\d+ B/.exec(line)?.[1])).toEqual([
      ...[String.raw`"\"c\""`, '"a  b"', 'a b', '"b "', String.raw`"d\u00a0e"`, String.raw`"f\u3000g"`],
    ])
    for (const line of shown) expect(line.endsWith(String.raw`  "\"x  y\""`)).toBe(true)
  })

  test('in a narrow terminal a blank line stands between any two items, however many there are', async () => {
    const file = join(folder, 'many.db')
    await using adapter = await SQLiteAdapter.open(file)
    await adapter.cache.setMany(Array.from({ length: 1_001 }, (_, at) => [`k${at}`, 1]))
    vi.stubEnv('COLUMNS', '20')
    const { out } = await scopedbHere(file, 'cache').finally(() => vi.unstubAllEnvs())
    const items = out.split('\n\n')
    expect([items.length, items.filter((item) => /^key +k\d+\nsize /.test(item)).length]).toEqual([1_001, 1_001])
  })
})

describe('verify', () => {
  test('finds nothing in a sound file', async () => {
    expect(await scopedbHere(path, 'verify')).toMatchObject({ code: 0, err: 'nothing is wrong\n' })
    const { out } = await scopedbHere(path, 'doctor')
    expect(out).toMatch(/^SQLite: \d/m)
    // The counters of this process in stats() are not part of the database.
    expect(out).toMatch(/^results: 1$/m)
    expect(out).not.toMatch(/^(locks|waiting|idempotency):/m)
  })

  test('finds a value that cannot be decoded, and reads the rest', async () => {
    const damaged = await copyOf('undecodable')
    await inFile(damaged, "UPDATE go_goscope_cache SET value = '{' WHERE key LIKE '%session%'")
    const ended = await scopedbHere(damaged, 'verify', '--json')
    expect(ended.code).toBe(1)
    // The file is a copy that no longer matches its manifest, which is one of the findings.
    expect(JSON.parse(ended.out).findings).toMatchObject([
      { where: 'backup' },
      { where: 'cache', what: expect.stringContaining('session:42') },
    ])
  })

  test('and export escape keys in what they find', async () => {
    const file = join(folder, 'escapes.db')
    const adapter = await SQLiteAdapter.open(file)
    await adapter.cache.set('a\u009b31m\u202eb', 1)
    await adapter.checkpoint.save({
      id: 'a\u009bb',
      taskId: 't\u009b',
      sequence: 1,
      timestamp: 1,
      progress: 0,
      data: 1,
    })
    await adapter.disconnect()
    await inFile(file, "UPDATE go_goscope_cache SET value = '{'; UPDATE go_goscope_checkpoints SET progress = 'half'")
    const [verified, exported] = [await scopedbHere(file, 'verify'), await scopedbHere(file, 'export')]
    expect([verified.code, exported.code]).toEqual([1, 1])
    expect(verified.out).toContain(String.raw`the row "cache:a\u009b31m\u202eb"`)
    expect(exported.err).toContain(String.raw`not exported: the checkpoint "a\u009bb": its prefix or a field`)
    expect(verified.out + verified.err + exported.err).not.toMatch(/[\u007f-\u009f\u202e]/)
  })

  test('and every message escape names of tables and files, and no name makes a line that looks like another finding', async () => {
    const file = join(folder, 'a\u001b[31mb.db')
    await inFile(file, 'CREATE TABLE go_goscope_cache (a, "\u001b[31m\nfile: of a column")')
    const [verified, read] = [await scopedbHere(file, 'verify'), await scopedbHere(file)]
    expect(verified.out).toMatch(/^schema: .*\\u001b\[31m\n {2}file: of a column/m)
    expect(read.err).toContain(String.raw`\u001b[31m`)
    const sound = join(folder, 'c\u001b[31md.db')
    await (await SQLiteAdapter.open(sound)).disconnect()
    const [summary, doctor] = [await scopedbHere(sound), await scopedbHere(sound, 'doctor')]
    for (const { out, err } of [verified, read, summary, doctor]) expect(out + err).not.toContain('\u001b')
    expect(doctor.out).toContain(String.raw`c\u001b[31md.db`)
  })

  test('reports pages that cannot be read as damage of the file, and keeps what it has found', async () => {
    const file = join(folder, 'unread.db')
    await (await SQLiteAdapter.open(file)).disconnect()
    const prepare = DatabaseSync.prototype.prepare
    const fail = (): never => {
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 266 })
    }
    const planted = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql) {
      const statement = prepare.call(this, sql)
      if (/integrity_check|FROM "go_goscope_cache" WHERE/.test(sql)) statement.all = fail
      return statement
    })
    const { code, out } = await scopedbHere(file, 'verify', '--json').finally(() => planted.mockRestore())
    expect([code, JSON.parse(out).findings]).toEqual([
      1,
      [
        { where: 'pages', what: 'disk I/O error' },
        { where: 'file', what: expect.stringContaining('check the disk') },
      ],
    ])
  })

  test('says that it stopped at 1,000 faults', async () => {
    const damaged = await copyOf('many-faults')
    await inFile(
      damaged,
      `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO go_goscope_cache (key, value) SELECT 'cache:bad' || i, '{' FROM n`,
    )
    expect((await scopedbHere(damaged, 'verify')).out).toMatch(
      /^\d+ items were read, and the rest was not, after 1000 faults$/m,
    )
  })

  test('finds pages that do not fit together', async () => {
    const damaged = await copyOf('pages')
    const bytes = readFileSync(damaged)
    // The number of free pages in the file header; there are none.
    bytes.writeUInt32BE(7, 36)
    writeFileSync(damaged, bytes)
    expect(await scopedbHere(damaged, 'verify')).toMatchObject({ code: 1, out: expect.stringContaining('should be 7') })
  })

  test('checks the rows of a table whose index and CHECK call functions of the app', async () => {
    const file = join(folder, 'app-functions.db')
    await (await SQLiteAdapter.open(file)).disconnect()
    const app = new DatabaseSync(file)
    app.function('fold', { deterministic: true }, (text) => String(text).toLowerCase())
    app.exec(`CREATE TABLE "it's" (a CHECK (fold(a) <> '')); CREATE INDEX by_a ON "it's" (fold(a))`)
    app.exec(`INSERT INTO "it's" VALUES ('A')`)
    const page = app.prepare(`SELECT rootpage AS root FROM sqlite_master WHERE name = 'it''s'`).get()
    app.close()
    expect(await scopedbHere(file, 'verify')).toMatchObject({ code: 0, err: 'nothing is wrong\n' })
    const bytes = readFileSync(file)
    bytes.fill(0xff, (Number(page?.root) - 1) * 4096, (Number(page?.root) - 1) * 4096 + 8)
    writeFileSync(file, bytes)
    expect((await scopedbHere(file, 'verify')).code).toBe(1)
  })

  test('checks a file of whose tables one has a collation of the app', async () => {
    const file = join(folder, 'app-collation.db')
    await (await SQLiteAdapter.open(file)).disconnect()
    const app = new DatabaseSync(file, { defensive: false } as object)
    app.exec('CREATE TABLE names (name TEXT COLLATE nocase UNIQUE)')
    // node:sqlite cannot define a collation.
    app.exec("PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'nocase', 'german')")
    app.close()
    expect(await scopedbHere(file, 'verify')).toMatchObject({ code: 0, err: 'nothing is wrong\n' })
  })

  test('reports overwritten bytes as a finding, not as an error, wherever they are', async () => {
    const damaged = await copyOf('overwritten')
    const whole = readFileSync(damaged)
    for (let at = 100; at < whole.length; at += 4096 * 5 + 100) {
      const bytes = Buffer.from(whole)
      bytes.fill(0x5a, at, at + 64)
      writeFileSync(damaged, bytes)
      const { code, out } = await scopedbHere(damaged, 'verify', '--json')
      if (code !== 0) expect([at, code, JSON.parse(out).findings.length > 0]).toEqual([at, 1, true])
    }
  })

  test('compares a backup with its manifest', async () => {
    const copy = join(folder, 'verified.db')
    expect((await scopedbHere(path, 'backup', copy)).code).toBe(0)
    expect((await scopedbHere(copy, 'verify')).code).toBe(0)
    const bytes = readFileSync(copy)
    const at = bytes.indexOf('session:42')
    bytes.write('session:43', at)
    writeFileSync(copy, bytes)
    const { code, out } = await scopedbHere(copy, 'verify', '--json')
    expect([code, JSON.parse(out).findings[0].where]).toEqual([1, 'backup'])
  })

  test('does not report a result that could not be stored', async () => {
    const file = join(folder, 'unstored.db')
    await using adapter = await SQLiteAdapter.open(file)
    const claim = await adapter.idempotency.claim('k', { lease: 600_000 })
    if (claim.state === 'claimed') await claim.complete(() => undefined).catch(() => undefined)
    expect((await scopedbHere(file, 'verify')).code).toBe(0)
    expect((await scopedbHere(file, 'results')).out).toContain('unstored')
  })

  test('names what is unsafe where the database runs', async () => {
    const prepare = DatabaseSync.prototype.prepare
    const planted = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql) {
      return prepare.call(this, sql.replace('sqlite_version()', "'3.50.0'"))
    })
    const { code, out } = await scopedbHere(path, 'doctor').finally(() => planted.mockRestore())
    expect([code, out]).toEqual([1, expect.stringMatching(/^environment: SQLite 3\.50\.0 can corrupt a file/m)])
  })

  test('names a lock of a dead process', async () => {
    const file = join(folder, 'dead.db')
    const script = `
      const { SQLiteAdapter } = await import(${JSON.stringify(frontEnd())})
      const persistence = await SQLiteAdapter.open(${JSON.stringify(file)}, { locks: 'database', keyPrefix: 'shop:' })
      await persistence.lock.acquire('left', 600_000)
      process.exit(0)`
    writeFileSync(join(folder, 'die.mjs'), script)
    await new Promise((resolve) => spawn(process.execPath, [join(folder, 'die.mjs')]).once('close', resolve))
    const { code, out } = await scopedbHere(file, 'doctor')
    expect(code).toBe(1)
    expect(out).toMatch(/left \(prefix shop:\) is held by process \d+, which is gone/)
  })
})

describe('changes', () => {
  test('need --yes without a terminal, and change nothing before', async () => {
    const { code, err } = await scopedbHere(path, 'circuit', 'reset', 'payments', '--prefix', 'shop:')
    expect(code).toBe(2)
    expect(err).toContain('--yes')
    expect(parsed(await scopedbHere(path, 'circuits', '--json'))[0]).toMatchObject({ state: 'open' })
  })

  test('a circuit is closed, and opened until it is reset', async () => {
    const file = await copyOf('circuit')
    const state = async () => parsed(await scopedbHere(file, 'circuits', '--json'))[0]
    const circuit = (action: string) => scopedbHere(file, 'circuit', action, 'payments', '--prefix', 'shop:', '--yes')
    expect((await circuit('reset')).code).toBe(0)
    expect(await state()).toMatchObject({ state: 'closed', failures: 0 })
    expect((await circuit('isolate')).code).toBe(0)
    expect(await state()).toMatchObject({ isolated: true })
  })

  test('a lock is released only under the token that was shown', async () => {
    const file = await copyOf('lock')
    const release = (token: string) => scopedbHere(file, 'lock', 'release', 'nightly', '--token', token, '--yes')
    await using persistence = await SQLiteAdapter.open(file, { locks: 'database' })
    await persistence.lock.forceRelease('nightly')
    const lock = await persistence.lock.acquire('nightly', 600_000)
    expect(await release(String((lock?.token ?? 0) + 1))).toMatchObject({
      code: 1,
      err: expect.stringContaining('token'),
    })
    expect(await lock?.isValid()).toBe(true)
    expect((await release(String(lock?.token))).code).toBe(0)
    expect(await lock?.isValid()).toBe(false)
  })

  test('a result, cache entries that begin alike, and what has expired are removed', async () => {
    const file = await copyOf('removed')
    const under = ['--prefix', 'shop:', '--yes']
    await scopedbHere(file, 'result', 'delete', 'charge:1', ...under)
    expect(parsed(await scopedbHere(file, 'results', '--json'))).toEqual([])
    await scopedbHere(file, 'clear', '--starts-with', 'session:', ...under)
    expect(parsed(await scopedbHere(file, 'cache', '--json')).map(({ key }) => key)).toEqual([ESCAPE])
    expect((await scopedbHere(file, 'prune', '--yes')).err).toBe('removed 0 cache entries and 0 results\n')
  })

  test('of one item are reported in the singular', async () => {
    const file = join(folder, 'one.db')
    await using persistence = await SQLiteAdapter.open(file, {
      clock: { ...systemClock, now: () => Date.now() - 60_000 },
    })
    await persistence.cache.set('over', 1, 1)
    await persistence.idempotency.set('over', 1, 1)
    await persistence.cache.set('stays', 1)
    expect((await scopedbHere(file, 'prune', '--yes')).err).toBe('removed 1 cache entry and 1 result\n')
    expect((await scopedbHere(file, 'verify')).out).toBe('1 item was read\n')
  })

  test('a backup is made and restored; the file that was there is kept', async () => {
    const [copy, target] = [join(folder, 'copy.db'), join(folder, 'restored.db')]
    expect(await scopedbHere(path, 'backup', copy)).toMatchObject({ code: 0, out: `${copy}\n` })
    expect(await scopedbHere(path, 'backup', copy)).toMatchObject({
      code: 2,
      err: expect.stringContaining('FILE_EXISTS'),
    })
    writeFileSync(target, readFileSync(await copyOf('older')))
    const { code, err } = await scopedbHere('restore', copy, target, '--yes')
    expect(code).toBe(0)
    const [, kept = ''] = /is now (.*)/.exec(err) ?? []
    expect(existsSync(kept)).toBe(true)
    expect(parsed(await scopedbHere(target, 'results', '--json'))).toHaveLength(1)
  })

  test('a database without a manifest is restored on request', async () => {
    const [bare, target] = [join(folder, 'bare.db'), join(folder, 'from-bare.db')]
    writeFileSync(bare, readFileSync(await copyOf('of-bare')))
    expect(await scopedbHere('restore', bare, target, '--yes')).toMatchObject({
      code: EXIT.failed,
      err: expect.stringContaining('NOT_A_BACKUP'),
    })
    expect((await scopedbHere('restore', bare, target, '--yes', '--allow-unverified')).code).toBe(0)
    expect(parsed(await scopedbHere(target, 'results', '--json'))).toHaveLength(1)
  })
})

describe('help', () => {
  test('shows the usage of each command, once, without colours if there is no terminal', async () => {
    const { code, out } = await scopedbHere('--help')
    expect(code).toBe(0)
    for (const name of ['locks', 'export', 'migrate', 'completions']) {
      expect(out.match(new RegExp(`^  ${name} +\\S`, 'gm')), name).toHaveLength(1)
    }
    expect(out + (await scopedbHere('lock', '--help')).out).not.toContain('\u001b')
    expect((await scopedbHere('help')).out).toBe(out)
    expect((await scopedbHere('help', 'lock')).out).toBe((await scopedbHere('lock', '--help')).out)
    expect((await scopedbHere('restore', '--help')).out).toContain('scopedb restore <from> <to> [options]')
    expect((await scopedbHere('lock', '--help')).out).toContain('scopedb <db> lock <action> <key> --token N [options]')
  })

  test('names an unknown command, and --no-color may come first', async () => {
    expect(await scopedbHere('help', 'lokcs')).toMatchObject({
      code: EXIT.usage,
      err: expect.stringMatching(/did you mean locks/),
    })
    const { code, out } = await scopedbHere('--no-color', path, 'prefixes')
    expect({ code, out }).toEqual({ code: 0, out: '(none)\nshop:\n' })
    expect((await scopedbHere('--json', path)).err).toContain('options come last')
  })

  test('without arguments goes to stderr, with an exit code that is not 0', async () => {
    expect(await scopedbHere()).toMatchObject({ code: 2, out: '', err: expect.stringContaining('scopedb <db>') })
  })

  test('the version is that of the package', async () => {
    const manifest = readFileSync(join(import.meta.dirname, '../../packages/cli/package.json'), 'utf8')
    expect((await scopedbHere('--version')).out).toBe(`${JSON.parse(manifest).version}\n`)
  })
})

test('the summary says where it is not complete', async () => {
  const file = join(folder, 'many.db')
  await using adapter = await SQLiteAdapter.open(file, { locks: 'database' })
  for (let key = 0; key < 6; key++) await adapter.lock.acquire(`lock ${key}`, 600_000)
  const { out } = await scopedbHere(file)
  expect(out).toMatch(/lock 4 +held.*\n…/)
  expect(out).not.toContain('lock 5')
  const { locks, more } = JSON.parse((await scopedbHere(file, '--json')).out)
  expect([locks.length, more]).toEqual([5, ['locks']])
})

test('what several apps have under the same name is told apart', async () => {
  const file = join(folder, 'apps.db')
  for (const keyPrefix of ['shop:', 'blog:']) {
    await using adapter = await SQLiteAdapter.open(file, { keyPrefix, locks: 'database' })
    await adapter.checkpoint.save({
      id: 'c',
      taskId: 'import',
      sequence: 1,
      timestamp: 1,
      progress: 5,
      data: keyPrefix,
    })
    await adapter.lock.acquire('nightly', 600_000)
    await adapter.cache.set('k', 1)
  }
  const task = await scopedbHere(file, 'task', 'import')
  expect([task.out, task.err]).toEqual([expect.stringContaining('"blog:"'), 'the first of ["blog:","shop:"]\n'])
  expect((await scopedbHere(file, 'task', 'import', '--prefix', 'shop:')).err).toBe('')
  const released = await scopedbHere(file, 'lock', 'release', 'nightly', '--token', '1', '--yes')
  expect(released).toMatchObject({
    code: 1,
    err: expect.stringMatching(/nobody holds the lock nightly;.*name it with --prefix/),
  })
  expect((await scopedbHere(file, 'clear', '--yes')).err).toBe('there were no such entries\n')
  expect((await scopedbHere(file, 'clear', '--yes', '--prefix', 'shop:')).err).toBe('the cache entries are removed\n')
})

test('a prefix that is written like no prefix, or like an unknown one, is quoted', async () => {
  const file = join(folder, 'named-none.db')
  for (const keyPrefix of ['', '(none)', '?']) {
    await using adapter = await SQLiteAdapter.open(file, { keyPrefix, locks: 'database' })
    await adapter.lock.acquire('nightly', 600_000, 'ada')
  }
  expect((await scopedbHere(file, 'prefixes')).out.split('\n').toSorted()).toEqual(['', '"(none)"', '"?"', '(none)'])
  expect((await scopedbHere(file)).out).toMatch(/prefixes {2}\(none\), "\(none\)", "\?"\n/)
  const { out } = await scopedbHere(file, 'locks')
  expect(out.split('\n').map((line) => line.slice(0, 9).trim())).toEqual(['prefix', '', '"(none)"', '"?"', ''])
})

test('the summary names the prefix of each item, and says if there are other prefixes', async () => {
  const file = join(folder, 'prefixes.db')
  for (const keyPrefix of ['shop:', 'blog:']) {
    await using adapter = await SQLiteAdapter.open(file, { keyPrefix, locks: 'database' })
    await adapter.lock.acquire('nightly', 600_000, 'ada')
  }
  const { out } = await scopedbHere(file)
  expect(out).toMatch(/prefixes {2}blog:, shop:\n/)
  expect(out).toMatch(/nightly +blog: +held +ada/)
  expect(out).toMatch(/nightly +shop: +held +ada/)
  const rows = Array.from({ length: 120 }, (_, at) => `('p${String(at).padStart(3, '0')}:cache:k', '1')`)
  await inFile(file, `INSERT INTO go_goscope_cache (key, value) VALUES ${rows.join()}`)
  expect((await scopedbHere(file)).out).toMatch(/prefixes {2}.*, p097:, …\n/)
})

test.each([
  ['postgres://user:secret@127.0.0.1:1/app', 'postgres://user@127.0.0.1:1/app'],
  ['postgres://user:sec@ret@127.0.0.1:1/app', 'postgres://user@127.0.0.1:1/app'],
  ['postgresql://user:sec/ret@127.0.0.1:1/app', 'postgresql://user@127.0.0.1:1/app'],
  ['mysql://user:secret@127.0.0.1:1/app', 'mysql://user@127.0.0.1:1/app'],
  ['POSTGRES://user:secret@127.0.0.1:1/app', 'POSTGRES://user@127.0.0.1:1/app'],
  ['postgres://127.0.0.1:1/app?user=u&password=secret&ssl=1', 'postgres://127.0.0.1:1/app?user=u&password=&ssl=1'],
  ['postgres://127.0.0.1:1/app?application_name=a:b@c', 'postgres://127.0.0.1:1/app?application_name=a:b@c'],
])('a password in a URL is not repeated: %s', async (url, shown) => {
  const { code, err } = await scopedbHere(url, 'prune')
  expect(code).toBe(2)
  expect(err).toContain(`in ${shown};`)
  expect(err).not.toMatch(/sec.?ret|ret@/)
})

test('a key that is a URL is shown whole, also with a port and an @', async () => {
  const key = 'https://host.example:4873/@scope/name'
  expect((await scopedbHere(path, 'entry', 'delete', key)).err).toContain(`the cache entry ${key}, in`)
})

describe('exit codes', () => {
  test.each([
    [2, ['unheard', 'of']],
    [2, ['locks']],
    [2, ['FILE', 'locks', '--limit', 'many']],
    [2, ['nowhere.db', 'locks']],
    [2, ['/dev/null', 'locks']],
    [2, ['FILE', 'export', 'no-folder/x.jsonl']],
    [2, ['FILE', 'backup', 'no-folder/x.db']],
    // An attempt to connect would exit with 3.
    [2, ['postgres://user@127.0.0.1:1/app', 'backup', 'x.db']],
    [3, ['README', 'locks']],
    [0, ['--help']],
    [0, ['locks', '--help']],
  ])('%i for scopedb %j', async (code, args) => {
    const readme = join(import.meta.dirname, '../../README.md')
    const given = args.map((word) => (word === 'FILE' ? path : word === 'README' ? readme : word))
    expect((await scopedbHere(...given)).code).toBe(code)
  })

  test.each([
    [
      'export to a path that leads through a file',
      ['FILE', 'export', 'FILE/x.jsonl'],
      'check every folder of the path',
    ],
    ['copy to such a path', ['FILE', 'migrate', '--into', 'FILE/x.db'], 'check every folder of the path'],
    ['import of a folder', ['FOLDER/new.db', 'import', 'FOLDER', '--yes'], 'name a file, not a folder'],
  ])('3, with advice: %s', async (_, args, advice) => {
    const given = args.map((word) => word.replace('FILE', path).replace('FOLDER', folder))
    const { code, err } = await scopedbHere(...given)
    expect([code, err]).toEqual([3, expect.stringMatching(`^scopedb: CANNOT_OPEN: \\w+: ${advice} \\(`)])
  })

  test('4 for a file that is in use', async () => {
    const used = await copyOf('used')
    const copy = join(folder, 'of-used.db')
    await using adapter = await SQLiteAdapter.open(used)
    await adapter.backup(copy)
    expect(await scopedbHere('restore', copy, used, '--yes')).toMatchObject({
      code: 4,
      err: expect.stringContaining('FILE_IN_USE'),
    })
  })

  test.each<[PersistenceErrorCode, number]>([
    ['UNAVAILABLE', 3],
    ['READ_ONLY', 3],
    ['INVALID_KEY', 2],
    ['DISK_FULL', 6],
  ])('for %s: %i', (errorCode, code) => {
    expect(exitCodeOf(new PersistenceError(errorCode, 'open', 'x'))).toEqual({ code, message: `${errorCode}: x` })
  })

  test('3 for a missing engine, with advice for npx, which does not find what the project has installed', () => {
    expect(exitCodeOf(new PersistenceError('ENGINE_MISSING', 'open', 'x'))).toEqual({
      code: 3,
      message: expect.stringMatching(/^ENGINE_MISSING: x\. npx .*: npm install @go-go-scope\/cli$/),
    })
  })

  test('6 for any other error', async () => {
    // The file has no manifest.
    expect(await scopedbHere('restore', path, join(folder, 'new.db'), '--yes')).toMatchObject({
      code: 6,
      err: expect.stringContaining('NOT_A_BACKUP'),
    })
  })

  test('1 for a result other than requested, and all codes are documented', async () => {
    expect((await scopedbHere(path, 'task', 'none')).code).toBe(1)
    const readme = readFileSync(join(import.meta.dirname, '../../packages/cli/README.md'), 'utf8')
    const documented = [...readme.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code))
    expect(documented).toEqual(Object.values(EXIT))
  })

  test('5 for a schema that is newer', async () => {
    const newer = await copyOf('newer')
    await inFile(newer, "UPDATE go_goscope_meta SET value = 9999 WHERE key = 'schema_version'")
    expect((await scopedbHere(newer, 'locks')).code).toBe(5)
  })
})

/** Returns a copy of the file, for a test that changes it. */
async function copyOf(name: string): Promise<string> {
  const copy = join(folder, `${name}.db`)
  await using adapter = await SQLiteAdapter.open(path)
  await adapter.backup(copy)
  return copy
}

const frontEnd = (): string =>
  import.meta.resolve(`@go-go-scope/persistence-sqlite-${process.versions.bun === undefined ? 'node' : 'bun'}`)
