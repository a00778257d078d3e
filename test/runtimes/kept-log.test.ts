import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

proveCell()

interface BunDatabase {
  prepare(...given: unknown[]): unknown
  fileControl(...given: unknown[]): unknown
}

/** Makes Bun's engine keep a WAL unless a handle is told not to, as the SQLite of macOS does. Returns how to undo it. */
async function keepLogs(): Promise<() => void> {
  const name: string = 'bun:sqlite'
  const { Database, constants } = await import(name)
  const prototype: BunDatabase = Database.prototype
  const { prepare, fileControl } = prototype
  const told = new WeakSet<object>()
  prototype.fileControl = function (...given) {
    told.add(this)
    return fileControl.apply(this, given)
  }
  prototype.prepare = function (...given) {
    if (!told.has(this)) this.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1)
    return prepare.apply(this, given)
  }
  return () => void Object.assign(prototype, { prepare, fileControl })
}

test('a file that was closed has no WAL with content, and on bun:sqlite none at all, also where the engine keeps it', async () => {
  const path = join(temporaryFolder('kept-log'), 'app.db')
  const undo = engine.name === 'bun:sqlite' ? await keepLogs() : () => undefined
  try {
    const adapter = await engine.SQLiteAdapter.open(path)
    await adapter.cache.set('k', 1)
    await adapter.disconnect()
    const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size
    if (engine.name === 'bun:sqlite') expect(size).toBeUndefined()
    else expect(size ?? 0).toBe(0)
  } finally {
    undo()
  }
})
