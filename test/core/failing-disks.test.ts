import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkIntegrity, checkPages } from '../../packages/shared/src/dialects/sqlite/engine/check-integrity.js'
import { collectGarbage } from '../../packages/shared/src/dialects/sqlite/file/open-here.js'
import { leaveLog } from '../../packages/shared/src/dialects/sqlite/standby/change-log.js'
import { waitingPause } from '../../packages/shared/src/dialects/sqlite/standby/follow-job.js'
import type { FollowEvent } from '../../packages/shared/src/dialects/sqlite/standby/messages.js'
import { StandbyRequests } from '../../packages/shared/src/dialects/sqlite/standby/standby-requests.js'
import { PersistenceError, type PersistenceErrorCode } from '../../packages/shared/src/errors/persistence-error.js'
import { StandbyPair } from './standby-pair.js'

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
  await pair.follower.begin()
})
afterEach(async () => {
  works()
  await pair.dispose()
})

const fail = (code: PersistenceErrorCode): never => {
  throw new PersistenceError(code, 'standby', 'standby: it failed as planted')
}

/** Makes every read of the source fail. */
function sourceFails(code: PersistenceErrorCode = 'IO_ERROR'): void {
  pair.before = (sql) => void (/\bsource\b/.test(sql) && fail(code))
  pair.beforeWriting = () => fail(code)
}

function works(): void {
  pair.before = () => undefined
  pair.beforeWriting = () => undefined
  pair.looking = () => undefined
}

describe('a standby whose disk, or that of its source, fails for a moment', () => {
  test('takes over with the last changes when the second attempt to read them succeeds', async () => {
    await pair.adapter.cache.set('k', 1)
    await pair.adapter.disconnect()
    await collectGarbage()
    pair.before = (sql) => {
      if (!sql.includes('source.schema_version')) return
      works()
      fail('IO_ERROR')
    }
    await pair.ending.takeOver(false)
    expect(pair.standby.prepare('SELECT key FROM main.go_goscope_cache').all()).toHaveLength(1)
  })

  // SQLite also reports CORRUPT for a page that the system could not read.
  test.each(['IO_ERROR', 'CORRUPT'] as const)(
    'waits at %s, does not count as current meanwhile, and follows again',
    async (code) => {
      const before = pair.state.current
      await pair.adapter.cache.set('k', 1)
      sourceFails(code)
      for (let round = 0; round < 3; round++) {
        expect(await pair.follower.round()).toMatchObject({ code })
        expect(pair.state.current).toMatchObject({
          ...before,
          state: 'waiting',
          behind: undefined,
          reason: expect.stringMatching(/fails.*planted/),
        })
      }
      works()
      expect(await pair.follower.round()).toBeUndefined()
      expect(pair.state.current).toMatchObject({
        state: 'following',
        reason: undefined,
        position: await pair.follower.head(),
      })
      expect((await pair.follower.verify()).equal).toBe(true)
    },
  )

  // An attempt may copy the whole source.
  test('tries again each second, and spends a fifth of the time on attempts that take long', () => {
    expect(waitingPause(20, 1)).toBe(1_000)
    expect(waitingPause(5_000, 1)).toBe(5_000)
    expect(waitingPause(20, 10_000)).toBe(40_000)
  })

  test('is asked for changes meanwhile and answers with the failure', async () => {
    const sent: FollowEvent[] = []
    const parts = { standby: pair.sql, state: pair.state } as never
    const send = (event: FollowEvent): void => void sent.push(event)
    const requests = new StandbyRequests(parts, pair.follower, pair.ending, send, async () => undefined)
    await pair.adapter.cache.set('k', 1)
    const position = await pair.follower.head()
    sourceFails()
    requests.receive({ id: 1, call: 'reach', input: { position } })
    await requests.answerAll()
    expect(sent).toEqual([{ id: 1, error: expect.objectContaining({ code: 'IO_ERROR' }) }])
  })

  test('applies what it lacks also after a takeover that was refused', async () => {
    await pair.adapter.cache.set('k', 1)
    pair.before = (sql) => void (sql.startsWith('DELETE FROM main.') && fail('IO_ERROR'))
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({
      code: 'NOT_FOLLOWING',
      message: expect.stringMatching(/is waiting .*; try again, or .*later changes \(1\)/),
    })
    works()
    await pair.follower.round()
    expect(pair.state.current).toMatchObject({ state: 'following', behind: 0, position: await pair.follower.head() })
  })

  test('answers every call with the failure when it could not open its source', async () => {
    await pair.ending.leave()
    sourceFails()
    const { follower, ending, state } = pair.another()
    await follower.begin()
    const sent: FollowEvent[] = []
    const send = (event: FollowEvent): void => void sent.push(event)
    const requests = new StandbyRequests({ standby: pair.sql, state } as never, follower, ending, send, async () => '')
    requests.receive({ id: 1, call: 'reach', input: { position: undefined } })
    requests.receive({ id: 2, call: 'verify', input: {} })
    await requests.answerAll()
    const error = expect.objectContaining({ code: 'IO_ERROR', message: expect.stringContaining('planted') })
    expect(sent).toEqual([
      { id: 1, error },
      { id: 2, error },
    ])
    expect(state.current.state).toBe('waiting')
    works()
    await ending.leave()
  })

  test('waits when only verify() finds it, and does not go on counting as current', async () => {
    // The first one reports to the source, and the second one finds that.
    for (let round = 0; round < 2; round++) await pair.follower.round()
    pair.before = (sql) => void (sql === 'PRAGMA source.schema_version' && fail('IO_ERROR'))
    await expect(pair.follower.verify()).rejects.toMatchObject({ code: 'IO_ERROR' })
    expect(pair.state.current.state).toBe('waiting')
    works()
    await pair.follower.round()
    expect(pair.state.current.state).toBe('following')
  })

  test('goes on, and calls that wait for a change too, when only verify() reads the page that fails', async () => {
    const sent: FollowEvent[] = []
    const send = (event: FollowEvent): void => void sent.push(event)
    const parts = { standby: pair.sql, state: pair.state } as never
    const requests = new StandbyRequests(parts, pair.follower, pair.ending, send, async () => undefined)
    requests.receive({ id: 1, call: 'reach', input: { position: (await pair.follower.head()) + 1 } })
    pair.before = (sql) => void (/ FROM source\.\W?go_goscope_cache/.test(sql) && fail('CORRUPT'))
    requests.receive({ id: 2, call: 'verify', input: {} })
    await requests.answerAll()
    expect(sent).toEqual([{ id: 2, error: expect.objectContaining({ code: 'CORRUPT' }) }])
    expect(pair.state.current).toMatchObject({ state: 'following', reason: undefined })
    works()
    await pair.adapter.cache.set('k', 1)
    await pair.follower.round()
    await requests.answerAll()
    expect(sent).toEqual([expect.anything(), { id: 1, answer: pair.state.current.position }])
  })

  // @photostructure/sqlite gives this failure of ATTACH no code.
  test('waits when only its own connection cannot read the source', async () => {
    await pair.ending.leave()
    pair.before = (sql) => {
      if (sql.startsWith('ATTACH')) throw new Error(`unable to open database: ${pair.path}`)
    }
    const { follower, ending, state } = pair.another()
    await follower.begin()
    expect(state.current).toMatchObject({ state: 'waiting', reason: expect.stringContaining('unable to open') })
    works()
    await follower.round()
    expect(state.current.state).toBe('following')
    await ending.leave()
  })

  test('waits when it is started again meanwhile', async () => {
    await pair.ending.leave()
    await pair.adapter.cache.set('k', 1)
    sourceFails()
    const { follower, ending, state } = pair.another()
    await follower.begin()
    expect(state.current).toMatchObject({ state: 'waiting', position: (await pair.positionNow()).seq })
    works()
    await follower.round()
    expect(state.current.state).toBe('following')
    expect((await follower.verify()).equal).toBe(true)
    await ending.leave()
  })

  test('continues if only its report to the source fails', async () => {
    await pair.adapter.cache.set('k', 1)
    pair.beforeWriting = (sql) => void (sql === 'BEGIN IMMEDIATE' && fail('IO_ERROR'))
    expect(await pair.follower.round()).toBeUndefined()
    expect(pair.state.current).toMatchObject({ state: 'following', behind: 0 })
  })

  test('takes over while its source cannot be read', async () => {
    await pair.adapter.cache.set('k', 1)
    await pair.follower.round()
    sourceFails()
    await pair.ending.takeOver(false)
    expect(pair.state.current).toMatchObject({ state: 'stopped', reason: 'it has taken over' })
  })

  test('does not take over while others use a source that it cannot read', async () => {
    await pair.adapter.cache.set('k', 1)
    await pair.follower.round()
    pair.before = (sql) => void (/\bsource\./.test(sql) && fail('IO_ERROR'))
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    works()
    await pair.follower.round()
    expect(pair.state.current.state).toBe('following')
  })

  test('has taken over, whatever the last look at its file says', async () => {
    pair.before = (sql) => {
      if (sql === 'DROP TABLE go_goscope_standby') pair.looking = () => fail('IO_ERROR')
    }
    await pair.ending.takeOver(true)
    expect(pair.state.current.reason).toBe('it has taken over')
  })
})

describe('a standby that has stopped', () => {
  beforeEach(async () => {
    pair.before = () => fail('READ_ONLY')
    await pair.follower.round()
    works()
    expect(pair.state.current.state).toBe('stopped')
  })

  test('does not take over silently when another database is at the path of its source', async () => {
    const path = join(pair.folder, 'new.db')
    const made = await SQLiteAdapter.open(path, { DatabaseSync: DatabaseSync as never })
    await made.cache.set('k', 'of the new file')
    await made.disconnect()
    pair.source.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    for (const suffix of ['-wal', '-shm']) rmSync(pair.path + suffix, { force: true })
    renameSync(path, pair.path)
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({
      code: 'DIVERGED',
      operation: 'standby.takeOver',
      message: expect.stringMatching(/is stopped .*force: true to lose what is in the file .*never followed/),
    })
    await pair.ending.takeOver(true)
    expect(pair.state.current.reason).toBe('it has taken over')
  })

  // As by an adapter that connects a day later.
  test('does not take over silently when the log of its source was removed', async () => {
    const query = async (text: string, parameters: readonly unknown[] = []) =>
      pair.source.prepare(text).all(...(parameters as never[])) as never
    await leaveLog({ query }, (await pair.positionNow()).follower)
    await pair.adapter.cache.set('k', 1)
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({
      code: 'NOT_FOLLOWING',
      message: expect.stringMatching(/later changes, if there are any \(the log of the source was removed\)/),
    })
  })
})

describe('a page that a check cannot read', () => {
  const verdict = (text: string) => async () => [{ integrity_check: text }]
  const unread = (code: number): string => `Tree 4 page 4: unable to get the page. error code=${code}`

  test('is a failure of the disk, and no damage', async () => {
    for (const check of [checkIntegrity, checkPages]) {
      await expect(check(verdict(unread(266)), 'restore')).rejects.toMatchObject({
        code: 'IO_ERROR',
        operation: 'restore',
        message: expect.stringMatching(/^restore: .*try again.*page 4/),
      })
    }
  })

  test('is damage if the page is', async () => {
    for (const check of [checkIntegrity, checkPages])
      expect(await check(verdict(unread(11)), 'restore')).toBe(unread(11))
  })
})
