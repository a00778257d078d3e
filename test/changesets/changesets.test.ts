import { changesets, SQLiteAdapter, SQLiteCacheAdapter } from '@go-go-scope/persistence-sqlite-node'
import { describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { TABLES, twoSides } from './two-sides.js'

proveCell()

describe('changesets', () => {
  const pair = twoSides()

  test('changes of all kinds of rows and values arrive, on the handle and by fenced', async () => {
    await using recording = await (await pair.from.changes()).record()
    const changes = await pair.to.changes()
    await pair.from.run(
      "INSERT INTO orders VALUES (1, 'a', 1.5, x'00ff'), (2, NULL, -1, NULL), (9007199254740991, '', 0, NULL)",
    )
    await pair.from.run("INSERT INTO prices VALUES ('a', 'x', 1), ('a', 'y', 'dear')")
    const lock = await pair.from.adapter.lock.acquire('job', 60_000)
    await pair.from.adapter.fenced(lock as never, [
      { sql: 'INSERT INTO orders VALUES (3, ?, 2, NULL)', parameters: ['é'.repeat(1_100_000)] },
    ])
    expect(await changes.apply(await recording.take())).toEqual({ changes: 6, omitted: 0, replaced: 0 })
    await pair.from.run("UPDATE orders SET item = 'b' WHERE id = 1")
    await pair.from.run('DELETE FROM orders WHERE id = 2')
    await pair.from.run("UPDATE prices SET price = 2 WHERE shop = 'y'")
    expect(await changes.apply(await recording.take())).toEqual({ changes: 3, omitted: 0, replaced: 0 })
    for (const table of TABLES) expect(await pair.to.all(table)).toBe(await pair.from.all(table))
  })

  test('each change is returned once, and a change that is undone is not returned', async () => {
    await using recording = await (await pair.from.changes()).record()
    expect((await recording.take()).length).toBe(0)
    await pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a')")
    const first = await recording.take()
    expect(first.length).toBeGreaterThan(0)
    expect((await recording.take()).length).toBe(0)
    await pair.from.run("INSERT INTO orders (id, item) VALUES (2, 'b')")
    await pair.from.run('DELETE FROM orders WHERE id = 2')
    expect((await recording.take()).length).toBe(0)
    await pair.from.run("UPDATE orders SET item = 'c'")
    const second = await recording.take()
    await pair.apply(first)
    expect(await pair.apply(second)).toEqual({ changes: 1, omitted: 0, replaced: 0 })
    expect(await pair.to.all('orders')).toBe(await pair.from.all('orders'))
  })

  test('a cascade arrives as it was recorded, in any order of the tables', async () => {
    const tables = ['users', 'items', 'parts']
    for (const side of [pair.from, pair.to]) {
      await side.run('CREATE TABLE users (id INTEGER PRIMARY KEY)')
      await side.run(
        'CREATE TABLE items (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES USERS (id) ON DELETE CASCADE)',
      )
      await side.run(
        'CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items (id) ON DELETE SET NULL)',
      )
    }
    for (const named of [tables, tables.toReversed(), ['items', 'users', 'parts']]) {
      const begin = ['INSERT INTO users VALUES (1), (2)', 'INSERT INTO items VALUES (1, 1), (2, 2), (3, 1)']
      const steps = [...begin, 'INSERT INTO parts VALUES (1, 1), (2, 2)', 'DELETE FROM users WHERE id = 1']
      for (const step of [...steps, 'DELETE FROM parts', 'DELETE FROM users']) {
        await pair.apply(await pair.changesOf(() => pair.from.run(step), named), {}, named)
        for (const table of tables) expect(await pair.to.all(table), step).toBe(await pair.from.all(table))
      }
    }
    const circle = ['hens', 'eggs']
    for (const side of [pair.from, pair.to]) {
      await side.run('CREATE TABLE hens (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES eggs (id))')
      await side.run('CREATE TABLE eggs (id INTEGER PRIMARY KEY, hen INTEGER REFERENCES hens (id))')
    }
    const insert = () => pair.from.run('INSERT INTO hens VALUES (1, NULL)')
    expect(await pair.apply(await pair.changesOf(insert, circle), {}, circle)).toMatchObject({ changes: 1 })
  })

  test('triggers of the other side run for what is applied, and the ones that the documents advise keep both sides equal', async () => {
    for (const side of [pair.from, pair.to]) {
      await side.run('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, changed INTEGER)')
      await side.run('CREATE TABLE posts (id INTEGER PRIMARY KEY, user INTEGER)')
      await side.run('CREATE TABLE counts (user INTEGER PRIMARY KEY, posts INTEGER)')
      await side.run(`CREATE TRIGGER counted AFTER INSERT ON posts BEGIN
        INSERT INTO counts VALUES (NEW.user, 1) ON CONFLICT DO UPDATE SET posts = posts + 1;
      END`)
      await side.run(`CREATE TRIGGER touched AFTER UPDATE ON users WHEN NEW.changed IS OLD.changed BEGIN
        UPDATE users SET changed = 1 + abs(random() % 1000000) WHERE id = NEW.id;
      END`)
    }
    const named = ['users', 'posts']
    for (const write of [
      "INSERT INTO users VALUES (1, 'a', 0)",
      "UPDATE users SET name = 'b'",
      'INSERT INTO posts VALUES (1, 1), (2, 1)',
    ]) {
      await pair.apply(await pair.changesOf(() => pair.from.run(write), named), {}, named)
      for (const table of [...named, 'counts']) expect(await pair.to.all(table), write).toBe(await pair.from.all(table))
    }
    const both = ['counts', 'posts']
    await pair.apply(await pair.changesOf(() => pair.from.run('INSERT INTO posts VALUES (3, 1)'), both), {}, both)
    expect(await pair.from.run('SELECT posts FROM counts')).toEqual([{ posts: 3 }])
    expect(await pair.to.run('SELECT posts FROM counts'), 'counted twice').toEqual([{ posts: 4 }])
  })

  test('only changes of its own connection are recorded, no earlier ones and none of other tables', async () => {
    await pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'before')")
    const other = await engine.openHandle(pair.from.path)
    const changeset = await pair.changesOf(async () => {
      await engine.rows(other, "INSERT INTO orders (id, item) VALUES (2, 'elsewhere')")
      await pair.from.run("INSERT INTO prices VALUES ('a', 'x', 1)")
      await pair.from.adapter.cache.set('k', 1)
      await pair.from.run("INSERT INTO orders (id, item) VALUES (3, 'here')")
    }, ['orders'])
    await engine.closeHandle(other)
    await pair.apply(changeset)
    expect(await pair.to.run('SELECT id, item FROM orders')).toEqual([{ id: 3, item: 'here' }])
    expect(await pair.to.all('prices')).toBe('[]')
  })

  test('a change in an open transaction is not returned, and a rolled-back one never', async () => {
    const changes = await pair.from.changes()
    await using recording = await changes.record()
    await pair.from.run('BEGIN')
    await pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'rolled back')")
    const refused = { code: 'SQL', message: expect.stringContaining('transaction of its own open') }
    await expect(recording.take()).rejects.toMatchObject({ ...refused, operation: 'changesets.take' })
    await expect(changes.record()).rejects.toMatchObject({ ...refused, operation: 'changesets.record' })
    await pair.from.run('ROLLBACK')
    await pair.from.run("INSERT INTO orders (id, item) VALUES (2, 'kept')")
    await pair.apply(await recording.take())
    expect(await pair.to.run('SELECT id FROM orders')).toEqual([{ id: 2 }])
  })

  test('a recording ends with close and with its adapter', async () => {
    const changes = await pair.from.changes()
    const closed = await changes.record()
    await closed.close()
    await closed.close()
    // A write would fail with another code now, or wait where another connection writes.
    await pair.from.run('BEGIN')
    await expect(closed.take()).rejects.toMatchObject({ code: 'CLOSED', operation: 'changesets.take' })
    await pair.from.run('ROLLBACK')
    const left = await changes.record()
    await pair.from.adapter.disconnect()
    await expect(left.take()).rejects.toMatchObject({ code: 'CLOSED' })
    await left.close()
    await expect(changes.apply(new Uint8Array())).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('a recording leaves nothing open, and nothing on its connection', async () => {
    const handle = pair.from.handle as { createSession(options: object): { changeset(): Uint8Array; close(): void } }
    const createSession = handle.createSession.bind(handle)
    let open = 0
    const counted: typeof createSession = (options) => {
      const session = createSession(options)
      open++
      const close = (): void => {
        open--
        session.close()
      }
      return { changeset: () => session.changeset(), close }
    }
    Object.defineProperty(handle, 'createSession', { value: counted })
    const changes = await pair.from.changes()
    const [closed, left] = [await changes.record(), await changes.record()]
    await closed.take()
    expect(open).toBe(2 * TABLES.length)
    const end = vi.spyOn(closed, 'end')
    await closed.close()
    expect([open, end.mock.calls.length]).toEqual([TABLES.length, 1])
    await pair.from.adapter.disconnect()
    expect([open, end.mock.calls.length]).toEqual([0, 1])
    await left.close()
  })

  test('a table is that of the file, however its name is written, also beside a temporary one', async () => {
    await pair.from.run('ALTER TABLE orders RENAME TO other')
    await pair.from.run('ALTER TABLE other RENAME TO "Orders"')
    const insert = () => pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a')")
    const names: string[] = []
    const filter = (name: string) => names.push(name) > 0
    await pair.apply(await pair.changesOf(insert, ['ORDERS']), { filter }, ['oRDERS'])
    expect(names).toEqual(['Orders'])
    expect(await pair.to.all('orders')).toBe(await pair.from.all('orders'))
    for (const side of [pair.from, pair.to]) await side.run('CREATE TEMP TABLE prices (other)')
    await pair.apply(await pair.changesOf(() => pair.from.run("INSERT INTO main.prices VALUES ('a', 'x', 1)")))
    expect(await pair.to.all('main.prices')).toBe(await pair.from.all('main.prices'))
  })

  test('a filter chooses tables, and a filter that throws is a typed error', async () => {
    const changeset = await pair.changesOf(async () => {
      await pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a')")
      await pair.from.run("INSERT INTO prices VALUES ('a', 'x', 1)")
    })
    const names: string[] = []
    const filter = (name: string) => names.push(name) > 0 && name === 'prices'
    expect(await pair.apply(changeset, { filter }, ['prices'])).toEqual({ changes: 1, omitted: 0, replaced: 0 })
    expect(names).toEqual(['orders', 'prices'])
    expect([await pair.to.all('orders'), await pair.to.all('prices')]).toEqual(['[]', await pair.from.all('prices')])
    const cause = new Error('mine')
    const throws = () => {
      throw cause
    }
    await expect(pair.apply(changeset, { filter: throws })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', cause })
    await expect(pair.apply(new Uint8Array(), { filter: 'prices' as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('filter must be a function'),
    })
  })

  test('changes that SQLite would skip silently are refused: other columns, another key, a table not named', async () => {
    const changeset = await pair.changesOf(() => pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a')"))
    const refused = async (says: RegExp, tables?: string[]) =>
      expect(pair.apply(changeset, {}, tables)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(says),
      })
    await refused(/must be of the tables prices, but changes "orders"/, ['prices'])
    await pair.to.run('DROP TABLE orders')
    await pair.to.run('CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)')
    await refused(/orders must have .*4 columns, the key in 1.*has 2 columns, the key in 1/)
    await pair.to.run('DROP TABLE orders')
    await pair.to.run('CREATE TABLE orders (id, item TEXT PRIMARY KEY, amount, note)')
    await refused(/has 4 columns, the key in 2/)
    await pair.to.run('DROP TABLE orders')
    await pair.to.run('CREATE TABLE orders (id INTEGER PRIMARY KEY, item, amount, note, more DEFAULT 5)')
    await pair.apply(changeset)
    expect(await pair.to.run('SELECT id, more FROM orders')).toEqual([{ id: 1, more: 5 }])
  })

  test('bytes that are not a complete changeset are refused before the database is touched', async () => {
    const changeset = await pair.changesOf(() => pair.from.run("INSERT INTO orders VALUES (1, 'a', NULL, x'00ff')"))
    const NULL = 5
    const head = 1 + 1 + 4 + 'orders'.length + 1
    const bad = [
      new Uint8Array([1]),
      // An operation and a type of value that do not exist.
      changeset.with(head, 19),
      changeset.with(changeset.indexOf(NULL, head), 9),
      ...Array.from({ length: changeset.length - 1 }, (_, at) => changeset.slice(0, at + 1)),
    ]
    for (const bytes of bad) {
      const whole = bytes.length === head
      const done = pair.apply(bytes)
      if (whole) expect(await done).toMatchObject({ changes: 0 })
      else
        await expect(done).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining('at byte'),
        })
    }
    await expect(pair.apply('text' as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await pair.to.all('orders')).toBe('[]')
  })

  test('names that are not tables of the app with a primary key are refused', async () => {
    await pair.from.run('CREATE TABLE keyless (value)')
    await pair.from.run('CREATE VIEW seen AS SELECT * FROM orders')
    const cache = new SQLiteCacheAdapter(pair.from.handle as never, { tableName: 'my_cache' })
    await cache.connect()
    for (const [name, says] of [
      ['go_goscope_cache', 'not yours'],
      ['GO_GOSCOPE_CACHE', 'not yours'],
      ['sqlite_sequence', 'not yours'],
      ['my_cache', 'is a cache table'],
      ['keyless', 'no PRIMARY KEY'],
      ['seen', 'is a view'],
      ['missing', 'not in this file'],
      ['', 'is no name'],
    ] as const) {
      await expect(pair.from.changes([name])).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(new RegExp(`"${name}".*${says}`)),
      })
    }
    const noName = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('is no name') }
    await expect(pair.from.changes([{} as never])).rejects.toMatchObject(noName)
    await expect(pair.from.changes([])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(changesets({} as never, { tables: TABLES })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await cache.disconnect()
  })

  test('a row that a changeset cannot identify is refused, not skipped, and no recorded change is lost', async () => {
    const changes = await pair.from.changes()
    await using recording = await changes.record()
    await pair.from.run("INSERT INTO people (name) VALUES ('ann'), (NULL)")
    const refused = { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/people has a row whose key is NULL/) }
    await expect(recording.take()).rejects.toMatchObject(refused)
    await expect(changes.record()).rejects.toMatchObject(refused)
    await pair.from.run('CREATE TABLE "two keys" (a, b, PRIMARY KEY (a, b))')
    await pair.from.run('INSERT INTO "two keys" VALUES (1, NULL)')
    const both = pair.changesOf(async () => undefined, ['two keys'])
    await expect(both).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await pair.from.run("UPDATE people SET name = 'bob' WHERE name IS NULL")
    await pair.apply(await recording.take())
    expect(await pair.to.all('people')).toBe(await pair.from.all('people'))
  })

  test('a table that was dropped or changed during a recording is an error', async () => {
    await using recording = await (await pair.from.changes()).record()
    await pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a')")
    await pair.from.run('DROP TABLE orders')
    await expect(recording.take()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/the table orders was dropped/),
    })
  })

  test('changes applied on the recording connection are recorded, those applied on another are not', async () => {
    const changeset = await pair.changesOf(() => pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a')"))
    await using recording = await (await pair.to.changes()).record()
    await pair.apply(changeset)
    const echo = await recording.take()
    expect(echo.length).toBeGreaterThan(0)
    await pair.to.run('DELETE FROM orders')
    expect((await recording.take()).length).toBeGreaterThan(0)
    const handle = await engine.openHandle(pair.to.path)
    const other = new SQLiteAdapter(handle as never)
    await (await changesets(other, { tables: TABLES })).apply(echo)
    await other.disconnect()
    expect((await recording.take()).length).toBe(0)
    expect(await pair.to.all('orders')).toBe(await pair.from.all('orders'))
  })

  test.each([
    ['another writer', 'WAL', 'DELETE FROM orders'],
    ['a reader at its commit', 'DELETE', 'SELECT * FROM orders'],
  ])('apply waits for %s, and counts each conflict once', async (_, mode, inTheWay) => {
    const changeset = await pair.changesOf(() =>
      pair.from.run("INSERT INTO orders (id, item) VALUES (1, 'a'), (2, 'a')"),
    )
    for (const sql of [`PRAGMA journal_mode = ${mode}`, "INSERT INTO orders (id, item) VALUES (1, 'b')"])
      await pair.to.run(sql)
    const changes = await pair.to.changes()
    const other = await engine.openHandle(pair.to.path)
    for (const sql of ['BEGIN', inTheWay]) await engine.rows(other, sql)
    const applied = changes.apply(changeset, { onConflict: 'replace' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    await engine.rows(other, 'ROLLBACK')
    expect(await applied).toEqual({ changes: 2, omitted: 0, replaced: 1 })
    await engine.closeHandle(other)
    expect(await pair.to.all('orders')).toBe(await pair.from.all('orders'))
  })
})
