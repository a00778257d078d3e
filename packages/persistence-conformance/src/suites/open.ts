import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const permissions = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

export const open: EngineSuite = engineSuite('open', (check) => {
  check('opens a new file, connected, in WAL mode', async (world) => {
    const adapter = await world.open()
    assert.equal(adapter.isConnected(), true)
    await adapter.cache.set('k', 1)
    assert.equal((await world.rows('PRAGMA journal_mode'))[0]?.journal_mode, 'wal')
    assert.equal((await world.rows('SELECT * FROM go_goscope_cache')).length, 1)
  })

  check('many adapters that open a missing file at once all connect, each on a handle of its own', async (world) => {
    const adapters = await Promise.all(Array.from({ length: 20 }, (_, at) => world.open({ keyPrefix: `${at}:` })))
    const counts = await Promise.all(adapters.map((adapter) => adapter.recordFailure('k', 5)))
    assert.deepEqual(new Set(counts), new Set([1]), 'each in its own prefix')
  })

  check('everything written is there when the file is opened again', async (world) => {
    for (const durability of ['power', 'process'] as const) {
      const first = await world.open({ durability })
      await first.cache.set(durability, { durability })
      await first.disconnect()
      const second = await world.open({ durability })
      assert.deepEqual(await second.cache.get(durability), { durability })
      await second.disconnect()
    }
  })

  check('a new file and its sidecars are for their owner only', async (world) => {
    const adapter = await world.open()
    await adapter.cache.set('k', 1)
    for (const suffix of ['', '-wal', '-shm']) assert.equal(await permissions(world.path + suffix), 0o600, suffix)
  })

  check('mode chooses other permissions', async (world) => {
    const adapter = await world.open({ mode: 0o640 })
    await adapter.cache.set('k', 1)
    for (const suffix of ['', '-wal', '-shm']) assert.equal(await permissions(world.path + suffix), 0o640, suffix)
  })

  check('the permissions of an existing file stay', async (world) => {
    await (await world.open()).disconnect()
    await chmod(world.path, 0o644)
    const adapter = await world.open()
    await adapter.cache.set('k', 1)
    assert.equal(await permissions(world.path), 0o644)
  })

  check('each :memory: database is separate', async (world) => {
    const one = await world.open({}, ':memory:')
    const two = await world.open({}, ':memory:')
    await one.cache.set('k', 1)
    assert.equal(await one.cache.get('k'), 1)
    assert.equal(await two.cache.has('k'), false)
    assert.deepEqual(await readdir(world.folder), [])
  })

  check('fenced enforces the foreign keys of the app, whatever the engine does by default', async (world) => {
    const adapter = await world.open({ locks: 'database' })
    const handle = await adapter.lock.acquire('job', 60_000)
    const fenced = (...texts: string[]) =>
      adapter.fenced(
        handle as never,
        texts.map((sql) => ({ sql })),
      )
    const references = 'user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE'
    await fenced(
      'CREATE TABLE users (id INTEGER PRIMARY KEY)',
      `CREATE TABLE items (id INTEGER PRIMARY KEY, ${references})`,
    )
    await fenced('INSERT INTO users VALUES (1), (2)', 'INSERT INTO items VALUES (10, 1), (20, 2)')
    await refuses(() => fenced('DELETE FROM users WHERE id = 2', 'INSERT INTO items VALUES (30, 3)'), {
      code: 'CONSTRAINT',
    })
    await fenced('DELETE FROM users WHERE id = 1')
    assert.deepEqual(
      (await world.rows('SELECT id FROM items')).map(({ id }) => id),
      [20],
    )
  })

  check('readOnly reads and refuses to write', async (world) => {
    const writer = await world.open()
    await writer.cache.set('k', { a: 1 })
    await writer.recordFailure('api', 5)
    const before = await world.dump()
    const reader = await world.open({ readOnly: true })
    assert.deepEqual(await reader.cache.get('k'), { a: 1 })
    assert.deepEqual(await reader.cache.keys(), ['k'])
    assert.equal((await reader.getState('api'))?.failureCount, 1)
    const writes: readonly (readonly [operation: string, write: () => Promise<unknown>])[] = [
      ['cache.set', () => reader.cache.set('k', 2)],
      ['cache.setMany', () => reader.cache.setMany([['k', 2]])],
      ['cache.clear', () => reader.cache.clear()],
      ['idempotency.set', () => reader.idempotency.set('k', 2)],
      ['circuitBreaker.recordFailure', () => reader.recordFailure('api', 5)],
      ['checkpoint.deleteAll', () => reader.checkpoint.deleteAll('t')],
      ['idempotency.claim', () => reader.idempotency.claim('k', { lease: 1_000 })],
      ['cache.prune', () => reader.cache.prune()],
      ['idempotency.prune', () => reader.idempotency.prune()],
      ['prune', () => reader.prune()],
    ]
    for (const [operation, write] of writes) {
      const refusal = await refuses(write, {
        code: 'READ_ONLY',
        says: [`${operation}: `, 'readOnly: true', 'without that option'],
      })
      assert.equal(refusal.operation, operation)
    }
    assert.equal(await world.dump(), before)
    await writer.cache.set('k', 3)
    assert.equal(await reader.cache.get('k'), 3)
  })

  check('immutable reads a file, or says that this version of the engine cannot', async (world) => {
    const writer = await world.open()
    await writer.cache.set('k', 1)
    await writer.disconnect()
    try {
      const reader = await world.open({ immutable: true })
      assert.equal(await reader.cache.get('k'), 1)
    } catch (error) {
      await refuses(() => Promise.reject(error), { code: 'ENGINE_UNSUPPORTED', says: ['takes no URI', '22.15'] })
      assert.match(process.version, /^v22\.1[34]\./)
    }
  })

  check('a path that cannot be followed is refused', async (world) => {
    await writeFile(join(world.folder, 'text'), '')
    for (const name of [join('text', 'app.db'), 'x'.repeat(300)]) {
      await refuses(() => world.open({}, join(world.folder, name)), { code: 'CANNOT_OPEN', says: ['path'] })
    }
  })

  check('a symbolic link that leads to no file is refused, and no file is made', async (world) => {
    await symlink('target.db', world.path)
    for (const readOnly of [false, true]) {
      await refuses(() => world.open({ readOnly }), { code: 'CANNOT_OPEN', says: ['app.db', 'symbolic link'] })
    }
    assert.deepEqual(await readdir(world.folder), ['app.db'])
    await writeFile(join(world.folder, 'target.db'), '')
    await (await world.open()).cache.set('k', 1)
  })

  check('a name with spaces around it opens that file, or is refused and leaves none', async (world) => {
    const plain = await world.open()
    await plain.cache.set('k', 'of app.db')
    for (const name of [' app.db', 'app.db ', 'app.db\n']) {
      try {
        const adapter = await world.open({}, join(world.folder, name))
        assert.equal(await adapter.cache.get('k'), null)
        assert.ok((await readdir(world.folder)).includes(name))
      } catch (error) {
        await refuses(() => Promise.reject(error), { code: 'CANNOT_OPEN', says: ['instead', 'another name'] })
        assert.equal((await readdir(world.folder)).includes(name), false)
      }
    }
    assert.equal(await plain.cache.get('k'), 'of app.db')
  })

  check('a failed open leaves no file that it created', async (world) => {
    // More than SQLite accepts: the size that it reports afterwards is another one.
    const fails = (): Promise<unknown> =>
      refuses(() => world.open({ cacheSize: Number.MAX_SAFE_INTEGER }), { code: 'ENGINE_UNSUPPORTED' })
    await fails()
    assert.deepEqual(await readdir(world.folder), [])
    await writeFile(world.path, '')
    await fails()
    assert.ok((await readdir(world.folder)).includes('app.db'), 'a file that was there stays')
  })

  check('readOnly creates neither a file nor tables', async (world) => {
    await refuses(() => world.open({ readOnly: true }), { code: 'CANNOT_OPEN', says: ['app.db'] })
    assert.deepEqual(await readdir(world.folder), [])
    await world.rows('CREATE TABLE mine (id INTEGER)')
    const before = await world.dump()
    await refuses(() => world.open({ readOnly: true }), { code: 'SCHEMA_MISSING' })
    assert.equal(await world.dump(), before)
  })

  check('a file that is not a database is refused and left unchanged', async (world) => {
    for (const content of ['a text of one line\n', `${'word '.repeat(5_000)}\n`]) {
      await writeFile(world.path, content)
      for (const readOnly of [false, true]) {
        await refuses(() => world.open({ readOnly }), {
          code: 'NOT_A_DATABASE',
          says: ['app.db', 'not an SQLite database'],
        })
      }
      assert.equal(await readFile(world.path, 'utf8'), content)
      assert.deepEqual(await readdir(world.folder), ['app.db'])
    }
  })

  check('a file that is not a database is refused by an adapter on a handle too', async (world) => {
    await writeFile(world.path, 'a text of more than one page\n'.repeat(300))
    const adapter = world.unconnected(await world.plainHandle('text'))
    await refuses(() => adapter.connect(), { code: 'NOT_A_DATABASE' })
    await refuses(() => adapter.cache.get('k'), { code: 'NOT_A_DATABASE' })
  })

  check('a torn header is refused and left unchanged', async (world) => {
    await (await world.open()).disconnect()
    const torn = await readFile(world.path)
    torn.fill(0xff, 0, 40)
    await writeFile(world.path, torn)
    await refuses(() => world.open(), { code: 'NOT_A_DATABASE' })
    assert.deepEqual(await readFile(world.path), torn)
  })

  check('a damaged first page is refused and left unchanged', async (world) => {
    const first = await world.open()
    await first.cache.set('k', 1)
    await first.disconnect()
    const damaged = await readFile(world.path)
    damaged.fill(0xff, 100, 3_000)
    await writeFile(world.path, damaged)
    await refuses(() => world.open(), { code: 'CORRUPT' })
    assert.deepEqual(await readFile(world.path), damaged)
  })

  check('a path that cannot be opened is refused', async (world) => {
    await refuses(() => world.open({}, join(world.folder, 'missing', 'app.db')), {
      code: 'CANNOT_OPEN',
      says: ['missing', /folder|directory/],
    })
    assert.deepEqual(await readdir(world.folder), [])
    const folder = join(world.folder, 'folder')
    await mkdir(folder)
    await refuses(() => world.open({}, folder), { code: 'CANNOT_OPEN', says: ['folder'] })
    assert.deepEqual(await readdir(folder), [])
  })

  check('an invalid path is refused', async (world) => {
    for (const path of ['', 'a\0b', undefined, null, 7]) {
      await refuses(() => world.engine.SQLiteAdapter.open(path as string), { code: 'INVALID_ARGUMENT', says: ['path'] })
    }
    await refuses(() => world.engine.SQLiteAdapter.open(pathToFileURL(world.path) as never), {
      code: 'INVALID_ARGUMENT',
      says: ['path', 'file://', 'fileURLToPath'],
    })
    const remedies: [unknown, string][] = [
      [{}, 'new SQLiteAdapter(handle)'],
      [Promise.resolve(world.path), 'a promise that was not awaited'],
      ['file:app.db?mode=ro', 'with readOnly or immutable for its parameters'],
      ['sqlite://app.db', 'pass the path alone'],
      ['postgres://ada:secret@localhost/app', '@go-go-scope/persistence-postgres'],
      ['POSTGRESQL://localhost/app', '@go-go-scope/persistence-postgres'],
    ]
    for (const [path, remedy] of remedies) {
      const open = () => world.engine.SQLiteAdapter.open(path as string)
      const { message } = await refuses(open, { code: 'INVALID_ARGUMENT', says: ['path must be', remedy] })
      assert.ok(!message.includes('secret'), message)
    }
    await refuses(() => world.engine.SQLiteAdapter.open('~/no such folder/app.db'), {
      code: 'CANNOT_OPEN',
      says: ['~/no such folder/app.db', 'homedir()'],
    })
  })

  check('bad options of open are refused before a file is made', async (world) => {
    const bad: [string, unknown][] = [
      ['durability', 'fast'],
      ['durability', 2],
      ['readOnly', 'yes'],
      ['mode', -1],
      ['mode', 0o1000],
      ['mode', '600'],
      ['cacheSize', -5],
      ['cacheSize', 1.5],
      ['mmapSize', Number.NaN],
      ['walSize', 0],
      ['walSize', 2 ** 31],
      ['busyTimeout', -1],
      ['keyPrefix', 7],
      ['maxKeyLength', 0],
    ]
    for (const [name, value] of bad) {
      await refuses(() => world.open({ [name]: value }), { code: 'INVALID_OPTION', says: [name, String(value)] })
    }
    assert.deepEqual(await readdir(world.folder), [])
  })

  check('stats and errors name the engine by its package or module', async (world) => {
    const opened = await world.open()
    const onHandle = await world.adapter()
    for (const adapter of [opened, onHandle]) assert.equal((await adapter.stats()).engine, world.engine.name)
  })

  check('stats returns the sizes of the file and of its WAL', async (world) => {
    const adapter = await world.open()
    await adapter.cache.set('k', 'x'.repeat(100_000))
    const { fileBytes, walBytes, waiting } = await adapter.stats()
    assert.ok(fileBytes > 100_000, `${fileBytes} bytes of file`)
    assert.ok(walBytes > 100_000, `${walBytes} bytes of log`)
    assert.equal(waiting, 0)
  })
})
