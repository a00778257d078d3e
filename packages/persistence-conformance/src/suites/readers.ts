import assert from 'node:assert/strict'
import { copyFile, mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdapterUnderTest, OpenOptionsUnderTest } from '../engine-under-test.js'
import { createPublishedTables, writePublishedRows } from '../published-schema.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'
import { untilNoticed } from './moved-file.js'

const KINDS: readonly OpenOptionsUnderTest[] = [{ readOnly: true }, { immutable: true }]

async function writeAll(adapter: AdapterUnderTest): Promise<void> {
  await adapter.cache.set('k', { a: 1 })
  await adapter.idempotency.set('pay', 'done')
  await adapter.recordFailure('api', 5)
  await adapter.save({ id: 'c1', taskId: 't', sequence: 1, timestamp: 1, progress: 50, data: [1] } as never)
}

async function readsAll(adapter: AdapterUnderTest): Promise<void> {
  assert.deepEqual(await adapter.cache.get('k'), { a: 1 })
  assert.deepEqual(await adapter.cache.keys('*'), ['k'])
  assert.deepEqual([...(await adapter.cache.getMany(['k', 'none']))], [['k', { a: 1 }]])
  assert.equal((await adapter.idempotency.get('pay'))?.value, 'done')
  assert.equal((await adapter.getState('api'))?.failureCount, 1)
  assert.deepEqual((await adapter.loadLatest<number[]>('t'))?.data, [1])
  const { circuits, checkpoints, idempotency, file, fileBytes } = (await adapter.stats()) as never
  assert.deepEqual([circuits, checkpoints, idempotency], [1, 1, 1])
  assert.match(file, /\.db$/)
  assert.ok(fileBytes > 0)
}

/** A file as on read-only media: alone in its folder. */
async function mediumOf(world: World, name = 'app.db'): Promise<string> {
  const writer = await world.openMade()
  await writeAll(writer)
  await writer.disconnect()
  await mkdir(join(world.folder, 'medium'))
  const path = join(world.folder, 'medium', name)
  await copyFile(world.path, path)
  return path
}

export const readers: EngineSuite = engineSuite('readers', (check) => {
  check('readOnly and immutable read what all ports have stored, and its sizes', async (world) => {
    const path = await mediumOf(world)
    for (const options of KINDS) {
      const reader = await world.open(options, path)
      await readsAll(reader)
      await reader.disconnect()
    }
  })

  check('immutable refuses every write and leaves the folder as it was', async (world) => {
    const path = await mediumOf(world)
    const before = await readFile(path)
    const reader = await world.open({ immutable: true, locks: 'database', keyPrefix: 'unknown:' }, path)
    for (const write of [
      () => reader.cache.set('k', 2),
      () => reader.cache.deleteMany(['k']),
      () => reader.idempotency.claim('k', { lease: 1_000 }),
      () => reader.recordFailure('api', 5),
      () => reader.checkpoint.deleteAll('t'),
      () => reader.lock.acquire('job', 1_000),
      () => reader.prune(),
    ]) {
      await refuses(write, { code: 'READ_ONLY', says: ['immutable: true', 'without that option'] })
    }
    assert.equal(await reader.idempotency.get('pay'), null, 'a prefix that has written nothing finds nothing')
    assert.deepEqual(await readdir(join(path, '..')), ['app.db'])
    await reader.disconnect()
    assert.deepEqual(await readdir(join(path, '..')), ['app.db'])
    assert.deepEqual(await readFile(path), before)
  })

  check('immutable opens the file of that name, whatever characters are in it', async (world) => {
    const path = await mediumOf(world, 'a b%20?mode=rw#ü&.db')
    const reader = await world.open({ immutable: true }, path)
    await readsAll(reader)
    const second = await world.open({ immutable: true }, path)
    await reader.disconnect()
    await readsAll(second)
  })

  check('immutable is refused if the WAL is not empty, and the error names it', async (world) => {
    const path = await mediumOf(world)
    for (const log of ['-wal', '-journal']) {
      await writeFile(path + log, 'x')
      await refuses(() => world.open({ immutable: true }, path), {
        code: 'CANNOT_OPEN',
        says: [`app.db${log} is not empty`, 'without immutable once'],
      })
      await writeFile(path + log, '')
    }
    await readsAll(await world.open({ immutable: true }, path))
  })

  check('immutable reports a journal beside an incomplete file, not damage', async (world) => {
    const path = await mediumOf(world)
    // As a process leaves it that dies in a transaction that shrinks the file.
    await truncate(path, 4_096)
    await refuses(() => world.open({ immutable: true }, path), { code: 'CORRUPT', says: ['app.db'] })
    await writeFile(`${path}-journal`, 'x')
    await refuses(() => world.open({ immutable: true }, path), {
      code: 'CANNOT_OPEN',
      says: ['app.db-journal is not empty', 'without immutable once'],
    })
  })

  check('a change of a file that is open as immutable is noticed', async (world) => {
    const path = await mediumOf(world)
    for (const [name, says] of [
      [path, 'app.db was changed'],
      [`${path}-wal`, 'app.db-wal'],
    ] as const) {
      const reader = await world.open({ immutable: true, clock: world.clock }, path)
      await reader.cache.get('k')
      await writeFile(name, 'x', { flag: 'a' })
      await untilNoticed(world, reader)
      await refuses(() => reader.cache.get('k'), { code: 'FILE_REPLACED', says: [says, 'make a new adapter'] })
    }
  })

  check('an unchanged file may be read forever', async (world) => {
    const reader = await world.open({ immutable: true, clock: world.clock }, await mediumOf(world))
    for (let look = 0; look < 5; look++) {
      world.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await readsAll(reader)
  })

  check('a reader notices that its file was replaced', async (world) => {
    const path = await mediumOf(world)
    const copy = await readFile(path)
    const read = await Promise.all(KINDS.map((options) => world.open({ ...options, clock: world.clock }, path)))
    await writeFile(`${path}.new`, copy)
    await rename(`${path}.new`, path)
    for (const reader of read) {
      await untilNoticed(world, reader)
      await refuses(() => reader.cache.get('k'), { code: 'FILE_REPLACED', says: ['replaced by another file'] })
    }
  })

  check('an older or newer schema is refused by readers, and the file stays as it is', async (world) => {
    await createPublishedTables(world)
    await writePublishedRows(world)
    const published = await world.dump()
    const refused = (code: string, says: RegExp) =>
      Promise.all(KINDS.map((options) => refuses(() => world.open(options), { code, says: [says] })))
    await world.rows('PRAGMA wal_checkpoint(TRUNCATE)')
    await refused('SCHEMA_MISSING', /schema version 0.*write access/)
    assert.equal(await world.dump(), published)
    const writer = await world.openMade()
    await writer.disconnect()
    await world.rows("UPDATE go_goscope_meta SET value = '999' WHERE key = 'schema_version'")
    const newer = await world.dump()
    await world.rows('PRAGMA wal_checkpoint(TRUNCATE)')
    await refused('SCHEMA_NEWER', /schema version 999.*update/)
    assert.equal(await world.dump(), newer)
  })

  check('readOnly and immutable need a file, and immutable refuses readOnly: false', async (world) => {
    const path = join(world.folder, 'missing.db')
    for (const name of ['readOnly', 'immutable']) {
      await refuses(() => world.open({ [name]: true }, ':memory:'), {
        code: 'INVALID_OPTION',
        says: [name, ':memory:'],
      })
    }
    await refuses(() => world.open({ immutable: true, readOnly: false }, path), {
      code: 'INVALID_OPTION',
      says: ['readOnly', 'false', 'immutable: true'],
    })
    await refuses(() => world.open({ immutable: 1 as never }), { code: 'INVALID_OPTION', says: ['immutable', '1'] })
    await refuses(() => world.open({ immutable: true }, path), { code: 'CANNOT_OPEN', says: ['missing.db'] })
    assert.deepEqual(await readdir(world.folder), [])
  })
})
