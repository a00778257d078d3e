import { copyFileSync, renameSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reportPosition } from '../../packages/shared/src/dialects/sqlite/standby/change-log.js'
import { Source } from '../../packages/shared/src/dialects/sqlite/standby/source.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { BUSY_TIMEOUT, StandbyPair } from './standby-pair.js'

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
})
afterEach(async () => {
  pair.beforeWriting = () => undefined
  await pair.dispose()
})

const SHORTLY = 1_000

/** Makes the next transactions on the source find it busy, each for as long as a follower's connection waits. */
function keepBusy(transactions: number): void {
  let left = transactions
  pair.beforeWriting = (sql) => {
    if (sql !== 'BEGIN IMMEDIATE' || left-- <= 0) return
    pair.monotonic += SHORTLY
    throw new PersistenceError('BUSY', 'standby', 'standby: gave up after 1000 ms')
  }
}

const inLog = () => pair.source.prepare("SELECT 1 FROM sqlite_master WHERE name = 'go_goscope_changes'").all().length

test('a follower begins and ends while writers keep the source busy', async () => {
  keepBusy(BUSY_TIMEOUT / SHORTLY - 1)
  await pair.follower.begin()
  expect(pair.state.current.state).toBe('following')
  expect(inLog()).toBe(1)
  keepBusy(1)
  await pair.ending.leave()
  expect(inLog()).toBe(0)
})

test('a follower whose standby must be copied again begins and ends while writers keep the source busy', async () => {
  await pair.follower.begin()
  await pair.ending.leave()
  keepBusy(BUSY_TIMEOUT / SHORTLY - 1)
  const again = pair.another()
  await again.follower.begin()
  expect(again.state.current.state).toBe('following')
  await again.ending.leave()
})

test('a follower gives up after busyTimeout, and says so', async () => {
  keepBusy(Number.POSITIVE_INFINITY)
  await expect(pair.follower.begin()).rejects.toMatchObject({
    code: 'BUSY',
    operation: 'standby.follow',
    message: expect.stringMatching(/gave up after 5000 ms.*busyTimeout/),
  })
})

test('a source that is opened again and again while it is busy is closed each time', async () => {
  await pair.follower.begin()
  let open = 0
  const opened = async () => {
    open++
    const query = async (sql: string): Promise<never[]> => {
      if (/journal_mode|sqlite_master/.test(sql)) throw new PersistenceError('BUSY', 'standby', 'standby: not now')
      return []
    }
    return { query, close: async () => void open-- }
  }
  const source = new Source(pair.path, pair.sql, opened)
  for (let tries = 0; tries < 3; tries++) await expect(source.attach()).rejects.toMatchObject({ code: 'BUSY' })
  expect([open, source.isOpen]).toEqual([0, false])
})

test('a follower that stops waits for the source for less time than the process waits for it', async () => {
  await pair.follower.begin()
  keepBusy(Number.POSITIVE_INFINITY)
  await expect(pair.ending.leave()).rejects.toMatchObject({
    code: 'BUSY',
    operation: 'standby.stop',
    message: expect.stringMatching(/gave up after 2000 ms.*the log stays in the source/),
  })
  expect(pair.monotonic).toBeLessThan(5_000)
})

test('a source that was replaced and is locked for a moment is followed when it is free', async () => {
  await pair.follower.begin()
  pair.source.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  renameSync(pair.path, `${pair.path}.moved`)
  copyFileSync(`${pair.path}.moved`, pair.path)
  pair.beforeWriting = () => {
    throw new PersistenceError('BUSY', 'standby', 'standby: gave up after 1000 ms')
  }
  await pair.follower.round()
  await pair.follower.round()
  expect(pair.state.current.state).toBe('following')
  await expect(pair.follower.head()).rejects.toMatchObject({
    code: 'BUSY',
    message: expect.stringContaining(pair.path),
  })
  pair.beforeWriting = () => undefined
  await pair.follower.round()
  expect(pair.state.current.state).toBe('following')
  expect((await pair.follower.verify()).equal).toBe(true)
})

test('a takeover that finds the source busy, and cannot put its mode back at once, follows on and puts it back later', async () => {
  await pair.follower.begin()
  const modes: string[] = []
  pair.beforeWriting = (sql) => {
    if (!sql.startsWith('PRAGMA journal_mode = ')) return
    // Another connection writes.
    if (modes.push(sql.slice(-3)) <= 2) throw new PersistenceError('BUSY', 'standby', 'standby: gave up after 1000 ms')
  }
  await expect(pair.ending.takeOver(false)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
  await pair.adapter.cache.set('k', 1)
  await pair.follower.round()
  expect(pair.state.current).toMatchObject({ state: 'following', position: await pair.follower.head() })
  await pair.ending.leave()
  expect(modes).toEqual(['ETE', 'WAL', 'WAL'])
})

test('a takeover that is refused, and cannot attach the source again at once, follows on', async () => {
  await pair.follower.begin()
  pair.beforeWriting = (sql) => {
    if (sql === 'PRAGMA journal_mode = DELETE') throw new PersistenceError('BUSY', 'standby', 'standby: as planted')
  }
  pair.before = (sql) => {
    if (sql.startsWith('ATTACH')) throw new PersistenceError('CANNOT_OPEN', 'standby', 'standby: as planted')
  }
  await expect(pair.ending.takeOver(false)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
  pair.before = () => undefined
  await pair.adapter.cache.set('k', 1)
  await pair.follower.round()
  expect(pair.state.current).toMatchObject({ state: 'following', position: await pair.follower.head() })
})

test('a takeover whose file loses its name while it is promoted has failed, and leaves the source', async () => {
  await pair.follower.begin()
  pair.before = (sql) => {
    if (sql.startsWith('DROP TABLE go_goscope_standby')) pair.stays = false
  }
  const message = expect.stringContaining('deleted, or replaced')
  await expect(pair.ending.takeOver(true)).rejects.toMatchObject({ code: 'NOT_FOLLOWING', message })
  expect(pair.state.current.state).toBe('lost')
  await pair.ending.leave()
  expect(inLog()).toBe(0)
})

test('a follower that trims the change log pauses after each step for as long as the step took', async () => {
  await pair.follower.begin()
  const { follower, seq } = await pair.positionNow()
  const STEP = 30
  let steps = 0
  const source = {
    query: async (sql: string, parameters: readonly unknown[] = []) => {
      if (sql.startsWith('SELECT changes()')) return [{ trimmed: steps < 3 ? 1 : 0 }]
      if (!sql.startsWith('DELETE FROM go_goscope_changes')) {
        return pair.source.prepare(sql).all(...(parameters as never[])) as never
      }
      steps++
      vi.advanceTimersByTime(STEP)
      return []
    },
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const reported = reportPosition(source, follower, seq, Date.now())
    for (let step = 1; step < 3; step++) {
      await vi.advanceTimersByTimeAsync(STEP - 1)
      expect(steps).toBe(step)
      await vi.advanceTimersByTimeAsync(1)
    }
    expect([await reported, steps]).toEqual([true, 3])
  } finally {
    vi.useRealTimers()
  }
})

test('a follower that trims the change log reads no row of it while writers wait', async () => {
  await pair.follower.begin()
  const { follower } = await pair.positionNow()
  pair.source.exec(`WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 5000)
    INSERT INTO go_goscope_changes (tbl, id) SELECT 'go_goscope_cache', n FROM counted`)
  const [last] = pair.source.prepare('SELECT max(seq) AS seq FROM go_goscope_changes').all()
  const read: number[] = []
  const source = {
    query: async (sql: string, parameters: readonly unknown[] = []) => {
      const rows = pair.source.prepare(sql).all(...(parameters as never[])) as never[]
      if (sql.startsWith('DELETE FROM go_goscope_changes')) read.push(rows.length)
      return rows
    },
  }
  expect(await reportPosition(source, follower, Number(last?.seq), Date.now())).toBe(true)
  expect(pair.source.prepare('SELECT seq FROM go_goscope_changes').all()).toEqual([{ seq: last?.seq }])
  expect(read).toEqual([0, 0, 0, 0])
})
