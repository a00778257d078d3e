import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { eventually } from '../eventually.js'
import { refuses } from '../refusal.js'
import { SIGNAL_SLIPS } from '../signal-slips.js'
import {
  backUpWhenFree,
  DAY,
  HOUR,
  names,
  type Scheduled,
  startSchedule as start,
  untilBackups,
} from '../started-schedule.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const backupRotation: EngineSuite = engineSuite('rotation of backups', (check) => {
  check('a schedule that finds a recent backup waits until the next is due', async (world) => {
    const first = await start(world)
    await untilBackups(world, first, 1)
    // Stopped first, so that no lock of the backup is left: the clock stands still, so the lease of such a lock would never end.
    await first.schedule.stop()
    await first.adapter.disconnect()
    const second = await start(world)
    world.clock.advance(HOUR / 2)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal((await second.schedule.list()).length, 1)
    world.clock.advance(HOUR / 2)
    await untilBackups(world, second, 2)
  })

  check('the latest, daily and weekly backups are kept, the others are deleted', async (world) => {
    const { schedule, directory } = await start(world, { every: 1_000 * DAY, keep: { last: 2, daily: 3, weekly: 3 } })
    world.clock.advance(1)
    const made: number[] = []
    for (let half = 0; half < 56; half += 7) {
      const backup = await backUpWhenFree(schedule)
      made.push(backup.startedAt)
      world.clock.advance(3.5 * DAY)
    }
    const kept = (await schedule.list()).map(({ startedAt }) => startedAt)
    assert.deepEqual(kept, wanted(made))
    assert.equal((await names(directory)).length, 2 * kept.length, 'a manifest is left')
  })

  check('rotation deletes only files that it wrote, and does not count damaged ones', async (world) => {
    const { schedule, directory, adapter } = await start(world, { every: 1_000 * DAY, keep: { last: 1 } })
    const first = await backUpWhenFree(schedule)
    const manual = await adapter.backup(join(directory, 'manual.db'))
    await writeFile(join(directory, 'notes.txt'), 'mine')
    await writeFile(join(directory, 'app-20200101T000000.000Z.db'), 'mine')
    const other = JSON.parse(await readFile(`${first.path}.json`, 'utf8'))
    const foreign = first.path.replace('app-', 'other-')
    await copyFile(first.path, foreign)
    await writeFile(`${foreign}.json`, JSON.stringify({ ...other, scheduledFor: '/elsewhere/other.db' }))
    // A start time far beyond any date.
    const timeless = join(directory, 'timeless.db')
    await writeFile(timeless, '')
    await writeFile(`${timeless}.json`, JSON.stringify({ ...other, startedAt: Number.MAX_SAFE_INTEGER }))
    world.clock.advance(HOUR)
    const second = await backUpWhenFree(schedule)
    const mine = ['app-20200101T000000.000Z.db', 'manual.db', 'manual.db.json', 'notes.txt']
    const expected = [
      ...mine,
      ...[foreign, timeless, second.path].flatMap((path) => [basename(path), `${basename(path)}.json`]),
    ]
    assert.deepEqual(await names(directory), expected.sort())
    await world.engine.verifyBackup(manual.path)
    await truncate(second.path, 100)
    world.clock.advance(HOUR)
    const third = await backUpWhenFree(schedule)
    assert.deepEqual(
      (await schedule.list()).map(({ path }) => path),
      [third.path],
    )
    assert.ok((await names(directory)).includes(basename(second.path)), 'a damaged one is for people to look at')
  })

  check.once('backups that moved with their database are found, also by a link', async (world) => {
    const { schedule, directory, adapter } = await start(world, { every: 1_000 * DAY })
    await backUpWhenFree(schedule)
    await schedule.stop()
    await adapter.disconnect()
    const elsewhere = join(world.folder, 'elsewhere')
    await mkdir(elsewhere)
    await rename(world.path, join(elsewhere, basename(world.path)))
    await rename(directory, join(elsewhere, 'backups'))
    const moved = await world.engine.SQLiteAdapter.open(join(elsewhere, basename(world.path)), { clock: world.clock })
    const link = join(world.folder, 'link')
    await symlink(elsewhere, link, 'junction')
    for (const folder of [elsewhere, link]) {
      const again = world.engine.BackupSchedule.start(moved, {
        directory: join(folder, 'backups'),
        every: 1_000 * DAY,
      })
      assert.equal((await again.list()).length, 1, folder)
      await again.stop()
    }
    await moved.disconnect()
  })

  check('a clock that went back deletes no later backup, and a later backup stops no rotation', async (world) => {
    const { schedule } = await start(world, { every: 1_000 * DAY, keep: { last: 1 } })
    const first = await backUpWhenFree(schedule)
    world.clock.jump(-DAY)
    const second = await backUpWhenFree(schedule)
    assert.deepEqual(
      (await schedule.list()).map(({ path }) => path),
      [first.path, second.path],
    )
    world.clock.advance(HOUR)
    const third = await backUpWhenFree(schedule)
    assert.deepEqual(
      (await schedule.list()).map(({ path }) => path),
      [first.path, third.path],
    )
    // The next backup is due one period after the latest one that is not in the future.
    const other = await start(world)
    world.clock.advance(HOUR)
    await untilBackups(world, other, 3)
  })

  check('a failed backup is reported, and the next one is made', async (world) => {
    const { schedule, directory, errors } = await start(world)
    world.clock.advance(1)
    await backUpWhenFree(schedule)
    await rename(directory, `${directory}.away`)
    world.clock.advance(HOUR)
    await eventually('it is reported', () => errors.length > 0)
    assert.equal((errors[0] as { code?: string }).code, 'CANNOT_OPEN')
    await refuses(() => schedule.run(), { code: 'CANNOT_OPEN', says: ['backups'] })
    await rename(`${directory}.away`, directory)
    errors.length = 0
    const before = (await schedule.list()).length
    await eventually('the next is made', () => {
      world.clock.advance(60_000)
      return errors.length === 0
    })
    await untilBackups(world, { schedule, directory, errors } as Scheduled, before + 1)
  })

  check('a schedule ends with its adapter, also in the middle of a backup', async (world) => {
    const { adapter, schedule, directory } = await start(world, { every: 1_000 * DAY })
    await backUpWhenFree(schedule)
    const run = refuses(() => schedule.run(), { code: 'CLOSED' })
    await adapter.disconnect()
    await run
    assert.ok(!(await names(directory)).some((name) => name.endsWith('.partial')))
    await rm(directory, { recursive: true })
  })

  check.once('a signal of another implementation ends a backup and a run', async (world) => {
    const { schedule, adapter } = await start(world, { every: 1_000 * DAY })
    await backUpWhenFree(schedule)
    const reason = new Error('enough')
    for (const begin of [
      (signal: AbortSignal) => adapter.backup(join(world.folder, 'copy.db'), { signal }),
      (signal: AbortSignal) => schedule.run({ signal }),
    ]) {
      const foreign = Object.assign(new EventTarget(), { aborted: false, throwIfAborted: () => undefined })
      const ended = begin(foreign as unknown as AbortSignal)
      Object.assign(foreign, { aborted: true, reason }).dispatchEvent(new Event('abort'))
      await assert.rejects(ended, reason)
    }
  })

  check('an abort ends one run, and invalid options are refused by name', async (world) => {
    const { schedule, adapter, directory } = await start(world, { every: 1_000 * DAY })
    await backUpWhenFree(schedule)
    const reason = new Error('enough')
    await assert.rejects(schedule.run({ signal: AbortSignal.abort(reason) }), reason)
    for (const [options, name] of SIGNAL_SLIPS) {
      await refuses(() => schedule.run(options as never), { code: 'INVALID_ARGUMENT', says: [name] })
    }
    const wrong: readonly (readonly [object, string])[] = [
      [{ every: 0 }, 'every'],
      [{ every: Number.POSITIVE_INFINITY }, 'every'],
      [{ directory: 7 }, 'option directory'],
      [{ keep: { last: 0 } }, 'keep.last'],
      [{ keep: { daily: -1 } }, 'keep.daily'],
      [{ keep: 3 }, 'option keep must be an object with last, daily, weekly, got 3'],
      [{ keep: { monthly: 1 } }, 'option keep: there is no option "monthly"'],
      [{ onError: 1 }, 'onError'],
      [{ rate: 0 }, 'rate'],
      [{ progress: () => undefined }, 'progress'],
    ]
    for (const [options, name] of wrong) {
      const begin = async () =>
        world.engine.BackupSchedule.start(adapter, { directory, every: HOUR, ...options } as never)
      await refuses(begin, { code: 'INVALID_ARGUMENT', says: [name] })
    }
    for (const wrong of [join(directory, 'none'), world.path]) {
      const begin = async () => world.engine.BackupSchedule.start(adapter, { directory: wrong, every: HOUR })
      await refuses(begin, { code: 'CANNOT_OPEN', says: ['there is no folder', wrong, 'make it'] })
    }
    for (const [given, got] of [
      [{}, 'an instance of Object'],
      [world.path, JSON.stringify(world.path)],
      [Promise.resolve(adapter), 'a promise that was not awaited'],
    ]) {
      const none = async () => world.engine.BackupSchedule.start(given as never, { directory, every: HOUR })
      await refuses(none, { code: 'INVALID_ARGUMENT', says: ['an SQLiteAdapter', `got ${got}`] })
    }
  })
})

/** The backups to keep by Date's calendar: the two latest, the latest of three days and of three weeks, newest first. */
function wanted(made: readonly number[]): number[] {
  const newest = made.toReversed()
  const monday = (time: number): string => {
    const date = new Date(time)
    date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
    return date.toISOString().slice(0, 10)
  }
  const firstOfEach = (periodOf: (time: number) => string): number[] => {
    const periods = [...new Set(newest.map(periodOf))].slice(0, 3)
    return periods.map((period) => newest.find((time) => periodOf(time) === period) as number)
  }
  const kept = new Set([
    ...newest.slice(0, 2),
    ...firstOfEach((time) => new Date(time).toISOString().slice(0, 10)),
    ...firstOfEach(monday),
  ])
  return newest.filter((time) => kept.has(time))
}
