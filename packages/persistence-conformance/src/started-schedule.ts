import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AdapterUnderTest, BackupScheduleOptionsUnderTest, BackupScheduleUnderTest } from './engine-under-test.js'
import type { World } from './world.js'

export const HOUR = 3_600_000
export const DAY: number = 24 * HOUR

export interface Scheduled {
  readonly adapter: AdapterUnderTest
  readonly schedule: BackupScheduleUnderTest
  readonly directory: string
  readonly errors: unknown[]
}

/** Starts a schedule on its own folder, with the clock of the world or of the system. */
export async function startSchedule(
  world: World,
  options: Partial<BackupScheduleOptionsUnderTest> = {},
  clock: object = { clock: world.clock },
): Promise<Scheduled> {
  const directory = options.directory ?? join(world.folder, 'backups')
  await mkdir(directory, { recursive: true })
  const adapter = await world.openMade(clock)
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const schedule = world.engine.BackupSchedule.start(adapter, { directory, every: HOUR, onError, ...options })
  return { adapter, schedule, directory, errors }
}

export async function names(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort()
}

/** Advances time while no backup is running, until there are `count` backups. */
export async function untilBackups(world: World, { schedule, errors }: Scheduled, count: number): Promise<void> {
  for (let turn = 0; (await schedule.list()).length !== count; turn++) {
    assert.deepEqual(errors, [])
    assert.ok(turn < 2_000, `there are never ${count} backups`)
    // The lock of a running backup. Its lease uses the same clock.
    const held = await world.rows('SELECT 1 FROM go_goscope_locks WHERE expires_at > 0')
    // The lock may be acquired after the query, so time advances by less than its lease.
    if (held.length === 0) world.clock.advance(20_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Runs a backup of the schedule, after the one that it makes by itself is done. */
export async function backUpWhenFree(schedule: BackupScheduleUnderTest): Promise<{ path: string; startedAt: number }> {
  for (;;) {
    try {
      return await schedule.run()
    } catch (error) {
      if ((error as { code?: string }).code !== 'BUSY') throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
