import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()

const CALLS = {
  'an index': ['CREATE TABLE own (a)', 'CREATE INDEX by_a ON own (fold(a))'],
  'a CHECK': ["CREATE TABLE own (a CHECK (fold(a) <> ''))"],
  'an index over a generated column': ['CREATE TABLE own (a, b AS (fold(a)))', 'CREATE INDEX by_b ON own (b)'],
} as const

/** Once, because the connections of the core have no functions on any engine. */
describe.each(Object.entries(CALLS))('a backup of a table where %s calls a function of the app', (_, schema) => {
  const folder = mkdtempSync(join(tmpdir(), 'app-functions-'))
  const [path, backup] = [join(folder, 'app.db'), join(folder, 'backup.db')]
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let page: { root: number; bytes: number }

  beforeAll(async () => {
    const adapter = await engine.SQLiteAdapter.open(path)
    const app = new DatabaseSync(path)
    app.function('fold', { deterministic: true }, (text) => String(text).toLowerCase())
    for (const sql of schema) app.exec(sql)
    app.exec("INSERT INTO own (a) VALUES ('A'), ('B')")
    const sql = "SELECT rootpage AS root, page_size AS bytes FROM sqlite_master, pragma_page_size WHERE name = 'own'"
    page = app.prepare(sql).get() as typeof page
    app.close()
    await adapter.backup(backup)
    await adapter.disconnect()
  })

  test('is made, verified and restored', async () => {
    await engine.verifyBackup(backup)
    const { path: restored } = await engine.restore(backup, join(folder, 'restored.db'))
    const app = new DatabaseSync(restored)
    expect(app.prepare('SELECT count(*) AS rows FROM own').get()).toEqual({ rows: 2 })
    app.close()
  })

  test('is not restored if a page of the table is damaged', async () => {
    const file = openSync(backup, 'r+')
    writeSync(file, Buffer.alloc(8, 0xff), 0, 8, (page.root - 1) * page.bytes)
    closeSync(file)
    rmSync(`${backup}.json`)
    const restored = engine.restore(backup, join(folder, 'damaged.db'), { allowUnverified: true })
    await expect(restored).rejects.toMatchObject({ code: expect.stringMatching(/^(BACKUP_DAMAGED|CORRUPT)$/) })
  })
})
