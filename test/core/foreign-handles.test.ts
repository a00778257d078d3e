import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter as Sqlite3Adapter } from '@go-go-scope/persistence-sqlite'
import { SQLiteAdapter as BunAdapter } from '@go-go-scope/persistence-sqlite-bun'
import { SQLiteAdapter as NodeAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import sqlite3 from 'sqlite3'
import { afterAll, describe, expect, test } from 'vitest'

/** Has the methods of a better-sqlite3 handle; `open` is whether it is open. */
class BetterSqlite3 {
  readonly open = true
  prepare(): void {}
  transaction(): void {}
  pragma(): void {}
  exec(): void {}
  close(): void {}
}

/** Has the methods of a handle of the package `sqlite`, which wraps sqlite3 in promises and calls no callback. */
class PromisedSqlite3 {
  async open(): Promise<void> {}
  async all(): Promise<void> {}
  async prepare(): Promise<void> {}
  async close(): Promise<void> {}
  async exec(): Promise<void> {}
}

const bunLike = { query: () => 0, prepare: () => 0, close: () => 0, run: () => 0, exec: () => 0 }
const Adapters = { node: NodeAdapter, sqlite3: Sqlite3Adapter, bun: BunAdapter } as const

describe('a handle of another engine', () => {
  test.each([
    ['node', 'better-sqlite3', () => new BetterSqlite3()],
    ['node', 'sqlite3', () => new sqlite3.Database(':memory:')],
    ['node', 'bun:sqlite', () => bunLike],
    ['sqlite3', 'better-sqlite3', () => new BetterSqlite3()],
    ['sqlite3', 'sqlite', () => new PromisedSqlite3()],
    ['sqlite3', '@photostructure/sqlite', () => new DatabaseSync(':memory:')],
    ['bun', 'better-sqlite3', () => new BetterSqlite3()],
    ['bun', 'sqlite3', () => new sqlite3.Database(':memory:')],
    ['bun', '@photostructure/sqlite', () => new DatabaseSync(':memory:')],
  ] as const)('is refused at once by the package for %s: one of %s', (name, _, handle) => {
    expect(() => new Adapters[name](handle() as never)).toThrow(
      expect.objectContaining({
        _tag: 'PersistenceError',
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(
          /^constructor: the first argument must be a Database.*, got an? .*that engine's package$/,
        ),
      }),
    )
  })
})

describe('the option DatabaseSync', () => {
  const folder = mkdtempSync(join(tmpdir(), 'foreign-handles-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  test.each([
    ['the class of better-sqlite3', BetterSqlite3, 'the class BetterSqlite3'],
    ['the class of sqlite3', sqlite3.Database, 'the class Database'],
    ['a handle', new DatabaseSync(':memory:'), 'object'],
    ['a name', 'node:sqlite', 'string'],
    ['null', null, 'null'],
  ])('is refused before a file is made: %s', async (_, given, got) => {
    const path = join(folder, 'app.db')
    await expect(NodeAdapter.open(path, { DatabaseSync: given as never })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(new RegExp(`^options: option DatabaseSync must be the class .*, got ${got}$`)),
    })
    expect(existsSync(path)).toBe(false)
  })

  test('may be a class of the app that extends it', async () => {
    class Own extends DatabaseSync {}
    const adapter = await NodeAdapter.open(':memory:', { DatabaseSync: Own as never })
    await adapter.cache.set('k', 1)
    expect((await adapter.stats()).engine).toBe('@photostructure/sqlite')
    await adapter.disconnect()
  })
})
