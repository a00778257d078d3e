import { afterEach, beforeEach, expect, test } from 'vitest'
import { Ending } from '../../packages/shared/src/dialects/sqlite/standby/ending.js'
import { Heartbeat } from '../../packages/shared/src/dialects/sqlite/standby/heartbeat.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { StandbyPair } from './standby-pair.js'

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
  await pair.follower.begin()
})
afterEach(async () => {
  pair.beforeWriting = () => undefined
  await pair.dispose()
})

function refuse(code: 'BUSY' | 'DISK_FULL', text: RegExp): (sql: string) => void {
  return (sql) => {
    if (text.test(sql)) throw new PersistenceError(code, 'standby', 'standby: not now')
  }
}

/** Trims the change log beyond the position of this standby. */
function trimLog(): void {
  pair.source.exec("INSERT INTO go_goscope_cache (key, value) VALUES (NULL, '1')")
  pair.source.exec('DELETE FROM go_goscope_changes WHERE seq < (SELECT max(seq) FROM go_goscope_changes)')
}

test.each(['BUSY', 'DISK_FULL'] as const)(
  'a new copy that meets %s is tried again, and the standby is not lost',
  async (code) => {
    trimLog()
    pair.beforeWriting = refuse(code, /^BEGIN IMMEDIATE/)
    for (let round = 0; round < 3; round++) {
      expect(await pair.follower.round()).toMatchObject({ code })
      expect(pair.state.going).toBe(true)
    }
    pair.beforeWriting = () => undefined
    expect(await pair.follower.round()).toBeUndefined()
    expect(pair.state.current).toMatchObject({
      state: 'following',
      reason: expect.stringMatching(/^the log begins at/),
    })
  },
)

test('a log that is too short again after the copy makes the standby lost', async () => {
  for (const state of ['following', 'lost']) {
    trimLog()
    await pair.follower.round()
    expect(pair.state.current.state).toBe(state)
  }
})

test('a follower continues when the disk of the source is full', async () => {
  await pair.adapter.cache.set('k', 1)
  pair.beforeWriting = refuse('DISK_FULL', /^BEGIN IMMEDIATE/)
  expect(await pair.follower.round()).toBeUndefined()
  expect(pair.state.current).toMatchObject({ state: 'following', behind: 0 })
  expect(await pair.sql.query('SELECT value FROM main.go_goscope_cache')).toEqual([{ value: '1' }])
})

test('a standby is copied again completely when its WAL cannot be moved into the file', async () => {
  trimLog()
  pair.before = refuse('DISK_FULL', /wal_checkpoint/)
  expect(await pair.follower.round()).toBeUndefined()
  expect(pair.state.current.state).toBe('following')
  expect((await pair.follower.verify()).equal).toBe(true)
})

test('a takeover whose last step finds no space continues to follow', async () => {
  let locks = 0
  const source = {
    // Another connection writes between the last round and the lock, each time.
    lockExclusively: async () => {
      if (++locks > 2) throw new Error('it tries again and again')
      pair.source.exec("INSERT INTO go_goscope_cache (key, value) VALUES (NULL, '1')")
      pair.before = refuse('DISK_FULL', /^(DELETE FROM|INSERT INTO) main\./)
    },
    unlockAndAttach: async () => undefined,
  }
  const { sql: standby, state } = pair
  const ending = new Ending(pair.follower, { standby, state, source, now: Date.now } as never)
  await expect(ending.takeOver(false)).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(state.current.state).toBe('waiting')
  pair.before = () => undefined
  await pair.follower.round()
  expect(state.current).toMatchObject({ state: 'following', reason: undefined, position: await pair.follower.head() })
})

test('a standby that waits for disk space reports its lag, also after it was stopped', async () => {
  const { seq } = await pair.positionNow()
  await pair.adapter.cache.set('k', 1)
  pair.before = refuse('DISK_FULL', /^(DELETE FROM|INSERT INTO) main\./)
  await pair.follower.round()
  const behind = (await pair.follower.head()) - seq
  expect(behind).toBeGreaterThan(0)
  expect(pair.state.current).toMatchObject({ state: 'waiting', behind })
  await pair.ending.leave()
  expect(pair.state.current).toMatchObject({ state: 'stopped', reason: 'it was stopped' })
})

test('a standby that waits to be copied again is listed as behind by the source', async () => {
  await pair.adapter.cache.set('k', 1)
  trimLog()
  pair.before = refuse('DISK_FULL', /^CREATE TABLE/)
  await pair.follower.round()
  expect(pair.state.current).toMatchObject({ state: 'waiting', behind: undefined })
  expect(await pair.adapter.inspect().standbys()).toEqual([
    expect.objectContaining({
      position: (await pair.positionNow()).seq,
      behind: expect.toSatisfy((behind) => behind > 0),
    }),
  ])
})

test.each(['BUSY', 'DISK_FULL'] as const)(
  'a position that could not be reported to the source for %s is reported a second later',
  async (code) => {
    let now = Date.now() + 60_000
    let problem: typeof code | undefined = code
    const source = {
      query: async (sql: string, parameters: readonly unknown[] = []) => {
        if (problem) refuse(problem, /^BEGIN IMMEDIATE/)(sql)
        return pair.source.prepare(sql).all(...(parameters as never[])) as never
      },
    }
    const heartbeat = new Heartbeat(() => now)
    const position = await pair.positionNow()
    await expect(heartbeat.send(source, position)).rejects.toMatchObject({ code })
    problem = undefined
    await heartbeat.send(source, position)
    const seenAt = () => Number(pair.source.prepare('SELECT seen_at FROM go_goscope_followers').get()?.seen_at)
    expect(seenAt()).toBeLessThan(now)
    now += 1_000
    await heartbeat.send(source, position)
    expect(seenAt()).toBe(now)
  },
)
