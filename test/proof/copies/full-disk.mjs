// full-disk.mjs <engine> <folder>: backs up a database from another disk into the folder on a small disk: first a database that
// is larger than the disk, then one that fits but leaves no room. Restores the latter on the first disk and prints the findings.
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const source = mkdtempSync(join(tmpdir(), 'full-disk-'))
const path = join(source, 'app.db')

try {
  const adapter = await engine.SQLiteAdapter.open(path)
  const fill = (/** @type {number} */ from, /** @type {number} */ to) =>
    adapter.cache.setMany(Array.from({ length: to - from }, (_, at) => [`entry-${from + at}`, 'x'.repeat(100_000)]))
  const backup = async () => {
    try {
      await adapter.backup(join(folder, 'copy.db'), { rate: 5 })
      return { code: 'done', left: readdirSync(folder) }
    } catch (error) {
      const { _tag, code, message } = /** @type {Record<string, unknown>} */ (error)
      const bytes = /needs (\d+) bytes .* has (\d+) free/.exec(String(message))?.slice(1).map(Number)
      return { code: _tag === 'PersistenceError' ? code : String(error), bytes, left: readdirSync(folder) }
    }
  }
  await fill(0, 10)
  const tooLarge = await backup()
  await adapter.cache.clear()
  await adapter.disconnect()
  const handle = await engine.openHandle(path)
  await engine.rows(handle, 'VACUUM')
  await engine.closeHandle(handle)

  const second = await engine.SQLiteAdapter.open(path)
  await second.cache.setMany([['entry', 'x'.repeat(100_000)]])
  const reader = await engine.openHandle(path)
  const size = 'SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size'
  const needed = Number((await engine.rows(reader, size))[0]?.bytes)
  await engine.closeHandle(reader)
  // Enough for the copy, but not for what an engine writes beside it until it is complete, nor for the manifest. With some blocks
  // left, the WAL index finds no room, which SQLite reports as a failing disk.
  const meanwhile = []
  for (const blocks of [0, 4]) {
    const { bavail, bsize } = statfsSync(folder)
    const room = (Math.ceil(needed / bsize) + blocks) * bsize
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(bavail * bsize - room))
    const backedUp = second.backup(join(folder, 'copy.db'))
    meanwhile.push(
      await backedUp.then(
        () => 'done',
        (error) => error.code,
      ),
    )
    rmSync(join(folder, 'ballast'))
  }
  const left = readdirSync(folder)
  await second.backup(join(folder, 'copy.db'))
  await engine.verifyBackup(join(folder, 'copy.db'))
  const still = await second.cache.has('entry')
  await second.disconnect()
  const after = readdirSync(folder).sort()
  // A file cannot be moved or linked from one disk to the other.
  await engine.restore(join(folder, 'copy.db'), join(source, 'restored.db'))
  const restored = await engine.SQLiteAdapter.open(join(source, 'restored.db'))
  const across = await restored.cache.has('entry')
  await restored.disconnect()
  // Not even the lock of a restore finds room.
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(bavail * bsize))
  const back = engine.restore(join(folder, 'copy.db'), join(folder, 'back.db'))
  const locked = await back.then(
    () => 'done',
    (error) => error.code,
  )
  rmSync(join(folder, 'ballast'))
  say({ tooLarge, meanwhile, left, after, still, across, locked, last: readdirSync(folder).sort() })
} finally {
  rmSync(source, { recursive: true, force: true })
}
