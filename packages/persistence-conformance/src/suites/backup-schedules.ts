import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { throwsRefusal } from '../refusal.js'
import { backUpWhenFree, DAY, HOUR, type Scheduled, startSchedule as start, untilBackups } from '../started-schedule.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const backupSchedules: EngineSuite = engineSuite('backup schedules', (check) => {
  check.once('the first backup is made at once, and each next one when it is due', async (world) => {
    const scheduled = await start(world)
    await untilBackups(world, scheduled, 1)
    const [first] = await scheduled.schedule.list()
    assert.match(basename(first?.path ?? ''), /^app-\d{8}T\d{6}\.\d{3}Z\.db$/)
    await world.engine.verifyBackup(first?.path ?? '')
    world.clock.advance(HOUR / 2)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal((await scheduled.schedule.list()).length, 1, 'it came before its time')
    // As after the machine slept: many periods have passed on the wall clock, but only one backup is due.
    world.clock.advance(10 * HOUR)
    await untilBackups(world, scheduled, 2)
    assert.ok(((await scheduled.schedule.list())[0]?.startedAt ?? 0) - (first?.startedAt ?? 0) >= HOUR)
    await scheduled.schedule.stop()
    world.clock.advance(10 * HOUR)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal((await scheduled.schedule.list()).length, 2, 'it went on after it was stopped')
  })

  check.once('backups that begin at the same time have different names', async (world) => {
    const { schedule, directory } = await start(world, { every: 1_000 * DAY })
    const first = await backUpWhenFree(schedule)
    // A process died and left a manifest under the next name.
    const next = new Date(first.startedAt + 1).toISOString().replaceAll(/[-:]/g, '')
    await writeFile(join(directory, `app-${next}.db.json`), '')
    const second = await backUpWhenFree(schedule)
    assert.equal(second.startedAt, first.startedAt + 2)
    assert.deepEqual(
      (await schedule.list()).map(({ path }) => path),
      [second.path, first.path],
    )
  })

  check.once('two files of one name, backed up into one folder at the same time, each have a backup', async (world) => {
    const first = await start(world, { every: 1_000 * DAY })
    const { directory } = first
    const another = join(world.folder, 'another')
    await mkdir(another)
    const adapter = await world.openMade({ clock: world.clock }, join(another, basename(world.path)))
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    const second = world.engine.BackupSchedule.start(adapter, { directory, every: 1_000 * DAY, onError })
    const schedules = [first.schedule, second]
    // Both look for a free name before either creates a file.
    const made = await Promise.all(schedules.map(backUpWhenFree))
    const listed = await Promise.all(schedules.map((schedule) => schedule.list()))
    assert.deepEqual([...first.errors, ...errors], [])
    for (const [at, backup] of made.entries()) {
      assert.ok(listed[at]?.some(({ path }) => path === backup.path))
      await world.engine.verifyBackup(backup.path)
    }
    assert.equal(new Set(listed.flat().map(({ path }) => path)).size, listed.flat().length)
  })

  check.once(
    'a schedule on an adapter that was opened read-only, or in memory, is refused as it starts',
    async (world) => {
      await (await world.openMade({})).disconnect()
      const reader = world.track(await world.engine.SQLiteAdapter.open(world.path, { readOnly: true }))
      const begin = (): unknown => world.engine.BackupSchedule.start(reader, { directory: world.folder, every: HOUR })
      throwsRefusal(begin, { code: 'READ_ONLY', says: ['read-only', 'backup()'] })
      await reader.backup(join(world.folder, 'by-hand.db'))
      const inMemory = await world.open({}, ':memory:')
      const beginInMemory = (): unknown =>
        world.engine.BackupSchedule.start(inMemory, { directory: world.folder, every: HOUR })
      throwsRefusal(beginInMemory, { code: 'INVALID_ARGUMENT', says: ['in memory', 'backup()'] })
    },
  )

  check.once('of many schedules on one file, one makes each backup', async (world) => {
    // Waiting for another writer takes real time.
    const all = await Promise.all(Array.from({ length: 3 }, () => start(world, { every: 1_000 * DAY }, {})))
    const [first] = all as [Scheduled]
    await untilBackups(world, first, 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal((await first.schedule.list()).length, 1)
    const runs = await Promise.allSettled(all.map(({ schedule }) => schedule.run()))
    const refused = runs.filter((run) => run.status === 'rejected')
    for (const { reason } of refused) assert.equal(reason.code, 'BUSY')
    assert.ok(refused.length > 0, 'several were at it')
    assert.equal((await first.schedule.list()).length, 1 + runs.length - refused.length)
  })
})
