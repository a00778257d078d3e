import { afterEach, beforeEach, expect, test } from 'vitest'
import { FollowerState } from '../../packages/shared/src/dialects/sqlite/standby/follower-state.js'
import { Heartbeat } from '../../packages/shared/src/dialects/sqlite/standby/heartbeat.js'
import type { Sql } from '../../packages/shared/src/dialects/sqlite/standby/sql.js'
import { StandbyPair } from './standby-pair.js'

const HOUR = 3_600_000

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
  await pair.follower.begin()
})
afterEach(() => pair.dispose())

test('a follower whose clock was set back keeps reporting its position and time to the source', async () => {
  let now = Date.now()
  const source: Sql = { query: async (sql, parameters = []) => pair.source.prepare(sql).all(...parameters) as never }
  const seenAt = () => pair.source.prepare('SELECT seen_at FROM go_goscope_followers').get()
  const heartbeat = new Heartbeat(() => now)
  const state = new FollowerState(
    () => now,
    () => undefined,
  )
  const position = await pair.positionNow()
  await heartbeat.send(source, position)
  state.following(position)
  expect(seenAt()).toEqual({ seen_at: now })
  now -= HOUR
  await heartbeat.send(source, position)
  state.checked()
  expect(seenAt()).toEqual({ seen_at: now })
  expect(state.current.checkedAt).toBe(now)
})
