import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()

const LARGE_BYTES = 128 * 1024 * 1024

describe('a large copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'large-copies-'))
  const source = join(folder, 'app.db')
  const target = join(folder, 'copy.db')
  const others = () => readdirSync(folder).filter((name) => !name.startsWith('app.db'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeAll(() => {
    const database = new DatabaseSync(source)
    // Few pages, because each costs system calls.
    database.exec('PRAGMA page_size = 65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF')
    database.exec(`CREATE TABLE large (value); INSERT INTO large VALUES (zeroblob(${LARGE_BYTES}))`)
    database.close()
  })

  test('has the hash of all its bytes, which its thread reads while dd copies', async () => {
    await using adapter = await engine.SQLiteAdapter.open(source)
    const { bytes, sha256 } = await adapter.backup(target)
    const copy = readFileSync(target)
    expect(bytes).toBe(copy.length)
    expect(sha256).toBe(createHash('sha256').update(copy).digest('hex'))
    for (const name of others()) rmSync(join(folder, name))
  }, 60_000)

  test('that is aborted while it is copied and hashed leaves nothing', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    await using adapter = await engine.SQLiteAdapter.open(source)
    const made = adapter.backup(target, { signal: controller.signal, progress: () => controller.abort(reason) })
    await expect(made).rejects.toBe(reason)
    // On a loaded machine the thread may end after the call has given up waiting for it.
    await vi.waitFor(() => expect(others()).toEqual([]), { timeout: 30_000 })
  }, 60_000)
})
