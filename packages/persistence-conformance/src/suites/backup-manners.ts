import assert from 'node:assert/strict'
import { stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { besideDatabase, ENTRIES, fill, SLOWLY } from '../copied-content.js'
import { eventually } from '../eventually.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const target = (world: World): string => join(world.folder, 'copy.db')

export const backupManners: EngineSuite = engineSuite('callbacks, arguments and leftovers of backups', (check) => {
  check('a folder that is missing is refused by name', async (world) => {
    const adapter = await world.openMade()
    await refuses(() => adapter.backup(join(world.folder, 'missing', 'copy.db')), {
      code: 'CANNOT_OPEN',
      says: ['missing'],
    })
  })

  check('a progress callback that throws or rejects is reported and does not end the backup', async (world) => {
    const events: object[] = []
    const adapter = await world.openMade({ onDiagnostic: (event) => events.push(event) })
    const error = new Error('mine')
    const thrower = (): void => {
      throw error
    }
    for (const [name, progress] of Object.entries({ thrower, rejecter: async () => thrower() })) {
      const path = `${target(world)}.${name}`
      await adapter.backup(path, { progress })
      assert.deepEqual(events.at(-1), { type: 'listener-error', operation: 'backup', error }, name)
      events.length = 0
      await world.engine.verifyBackup(path)
    }
  })

  check('invalid options and paths are refused by name', async (world) => {
    const adapter = await world.openMade()
    const wrong: readonly (readonly [object, string])[] = [
      [{ rate: 0 }, 'rate'],
      [{ rate: 1.5 }, 'rate'],
      [{ maxBytesPerSecond: -1 }, 'maxBytesPerSecond'],
      [{ maxWalBytes: Number.NaN }, 'maxWalBytes'],
      [{ progress: 1 }, 'progress'],
      [{ worker: 'thread.js' }, 'worker'],
      [{ signal: {} }, 'signal'],
      [{ speed: 1 }, 'speed'],
    ]
    for (const [options, name] of wrong) {
      await refuses(() => adapter.backup(target(world), options as never), { code: 'INVALID_ARGUMENT', says: [name] })
    }
    for (const path of ['', ':memory:', 'a\0b', 'file:copy.db', 7, new URL('file:///copy.db')]) {
      await refuses(() => adapter.backup(path as never), { code: 'INVALID_ARGUMENT', says: ['path'] })
    }
    await adapter.disconnect()
    await refuses(() => adapter.backup(target(world)), { code: 'CLOSED' })
    assert.deepEqual(besideDatabase(world), [])
  })

  check('files of a dead process are removed, those of a running backup are not', async (world) => {
    const adapter = await world.openMade()
    await fill(adapter, ENTRIES)
    const slow = adapter.backup(target(world), {
      ...SLOWLY,
    })
    await eventually('the copy has begun', () => besideDatabase(world).length > 0)
    const [temporary = ''] = besideDatabase(world)
    assert.equal((await stat(join(world.folder, temporary))).mode & 0o777, 0o600)
    // No process has this number.
    const dead = basename(temporary).replace(`-${process.pid}-`, '-99999999-')
    for (const suffix of ['', '-journal', '-wal']) await writeFile(join(world.folder, dead + suffix), '')
    const foreign = dead.replace(/^\.go-goscope-[0-9a-f]{8}/, '.go-goscope-00000000')
    await writeFile(join(world.folder, foreign), '')
    await adapter.backup(join(world.folder, 'second.db'))
    assert.ok(!besideDatabase(world).some((name) => name.startsWith(dead)))
    assert.ok(besideDatabase(world).includes(foreign), 'another host may be at it')
    await slow
    await world.engine.verifyBackup(target(world))
  })
})
