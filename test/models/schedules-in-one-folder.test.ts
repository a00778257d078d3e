import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()

const HOUR = 3_600_000
const NEVER = 1_000 * 24 * HOUR
const OFTEN = { timeout: 10_000, interval: 1 }

/** Once, because the engine has no part in it. */
describe('schedules of one file and folder', () => {
  let folder: string
  let clock: ManualClock
  let errors: unknown[]
  const ends: (() => Promise<void>)[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'schedules-'))
    mkdirSync(join(folder, 'backups'))
    clock = new ManualClock()
    errors = []
  })
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(options: object, timed: Pick<ManualClock, 'now' | 'monotonic' | 'setTimer'> = clock) {
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'), { clock: timed })
    ends.push(() => adapter.disconnect())
    const onError = (error: unknown): void => void errors.push(error)
    const directory = join(folder, 'backups')
    const schedule = engine.BackupSchedule.start(adapter, { directory, every: NEVER, onError, ...options })
    return schedule
  }

  test('look again after 5 s while one of them makes a backup', async () => {
    await start({ maxBytesPerSecond: 1 })
    clock.advance(1)
    const handle = await engine.openHandle(join(folder, 'app.db'))
    ends.push(() => engine.closeHandle(handle))
    // The lock of the running backup.
    const isHeld = async () => (await engine.rows(handle, 'SELECT 1 FROM go_goscope_locks')).length > 0
    await vi.waitUntil(isHeld, OFTEN)
    const waits: number[] = []
    const setTimer: typeof clock.setTimer = (run, ms, options) => {
      waits.push(ms)
      return clock.setTimer(run, ms, options)
    }
    await start({}, { now: clock.now, monotonic: clock.monotonic, setTimer })
    const hasLooked = (): boolean => {
      clock.advance(1)
      return waits.includes(5_000)
    }
    await vi.waitUntil(hasLooked, OFTEN)
    expect(errors).toEqual([])
  })

  // As when another user owns the earlier backups: they would fill the disk.
  test('report an earlier backup whose manifest cannot be read, once until there is none', async () => {
    const schedule = await start({})
    const backUp = () => vi.waitUntil(() => schedule.run().catch(() => undefined), OFTEN)
    const earlier = [await backUp(), await backUp()].map(({ path }) => path)
    expect(errors).toEqual([])
    for (const path of [...earlier, join(folder, 'backups', 'other-20260101T000000.000Z.db')]) {
      rmSync(`${path}.json`, { force: true })
      // Leads to itself.
      symlinkSync(`${path}.json`, `${path}.json`)
      writeFileSync(path, '')
    }
    await backUp()
    expect(errors).toEqual([expect.objectContaining({ code: 'NOT_A_BACKUP', operation: 'BackupSchedule' })])
    expect(earlier.some((path) => String(errors[0]).includes(`${path} is neither counted nor deleted`))).toBe(true)
    expect(await schedule.list()).toHaveLength(1)
    // As when another user has a schedule for a file of the same name.
    await backUp()
    expect(errors).toHaveLength(1)
    const aside = earlier.map((path) => ({ path: `${path}.json`, away: `${path}.away` }))
    for (const { path, away } of aside) renameSync(path, away)
    await backUp()
    for (const { path, away } of aside) renameSync(away, path)
    await backUp()
    expect(errors).toHaveLength(2)
  })

  test('report a backup that cannot be deleted, and delete the older ones', async () => {
    const schedule = await start({})
    const made: string[] = []
    const backUp = async (by: typeof schedule): Promise<void> => {
      clock.advance(HOUR)
      // The first backup may be under way already.
      const { path } = await vi.waitUntil(() => by.run().catch(() => undefined), OFTEN)
      made.push(path)
    }
    for (let count = 0; count < 3; count++) await backUp(schedule)
    const [, stuck = ''] = made
    // Nothing deletes a folder as a file.
    rmSync(stuck)
    mkdirSync(stuck)
    const manifest = JSON.parse(readFileSync(`${stuck}.json`, 'utf8'))
    writeFileSync(`${stuck}.json`, JSON.stringify({ ...manifest, bytes: statSync(stuck).size }))
    const strict = await start({ keep: { last: 1 } })
    await backUp(strict)
    expect(errors).toHaveLength(1)
    const left = readdirSync(join(folder, 'backups'))
    expect(made.map((path) => left.includes(basename(path)))).toEqual([false, true, false, true])
  })
})
