import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { enterLog } from '../../packages/shared/src/dialects/sqlite/standby/change-log.js'
import { findPosition } from '../../packages/shared/src/dialects/sqlite/standby/round.js'
import { StandbyPair } from './standby-pair.js'

// The commit of a follower is not flushed, and that of a standby is.
test('a source that loses the return of its triggers with the power, and gets them again, is not taken for the same', async () => {
  const pair = await StandbyPair.make()
  await pair.follower.begin()
  pair.source.exec('DROP TRIGGER go_goscope_log_inserted_go_goscope_cache; PRAGMA wal_checkpoint(TRUNCATE)')
  const after = join(pair.folder, 'after.db')
  cpSync(pair.path, after)
  await pair.follower.round()
  expect(pair.state.current).toMatchObject({ state: 'following', reason: 'the schema of the source has changed' })

  const source = new DatabaseSync(after)
  source.exec("INSERT INTO go_goscope_cache (key, value) VALUES ('not logged', 'x')")
  const query = async (text: string, parameters: readonly unknown[] = []) =>
    source.prepare(text).all(...(parameters as never[])) as never
  const cookie = await enterLog({ query }, 'another follower', undefined, Date.now())
  source.close()
  const position = await pair.positionNow()
  expect(cookie).toBe(position.cookie)

  pair.standby.exec('DETACH source')
  pair.standby.prepare('ATTACH ? AS source').run(after)
  expect(await findPosition(pair.sql, position)).toMatchObject({ kind: 'diverged' })
  await pair.dispose()
})
