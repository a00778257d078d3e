import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatabaseSync as DatabaseOfPair } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { collectGarbage } from '../../packages/shared/src/dialects/sqlite/file/open-here.js'
import { Source } from '../../packages/shared/src/dialects/sqlite/standby/source.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { StandbyPair } from './standby-pair.js'

const HEAD = 'SELECT max(seq) AS seq FROM go_goscope_changes'

const sqlOf = (database: DatabaseSync) => ({
  query: async (text: string, parameters: readonly unknown[] = []) =>
    database.prepare(text).all(...(parameters as never[])) as never,
  close: async () => database.close(),
})

// SQLite keeps the pages that a connection has cached in WAL mode when the connection leaves that mode.
test('a source that is locked shows what another connection has committed just before, also in pages that were cached', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'late-writers-'))
  const path = join(folder, 'app.db')
  const writer = new DatabaseSync(path)
  writer.exec(`PRAGMA journal_mode = WAL; CREATE TABLE go_goscope_changes (seq INTEGER PRIMARY KEY, tbl TEXT);
INSERT INTO go_goscope_changes VALUES (1, '')`)
  const standby = new DatabaseSync(':memory:')
  const source = new Source(path, sqlOf(standby), async () => sqlOf(new DatabaseSync(path)))
  try {
    await source.attach()
    expect(await source.sql.query(HEAD)).toEqual([{ seq: 1 }])
    await source.mayHaveChanged()
    expect(await source.mayHaveChanged()).toBe(false)
    writer.exec("INSERT INTO go_goscope_changes VALUES (2, '')")
    writer.close()
    await source.lockExclusively()
    expect(await source.sql.query(HEAD)).toEqual([{ seq: 2 }])
    // An attached database counts its changes anew.
    await source.unlockAndAttach()
    expect(await source.mayHaveChanged()).toBe(true)
  } finally {
    await source.detach()
    standby.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a takeover whose last round could not be written is refused while the source has later changes', async () => {
  const pair = await StandbyPair.make()
  try {
    await pair.follower.begin()
    await pair.adapter.cache.set('k', 1)
    pair.before = (sql) => {
      if (sql === 'COMMIT') throw new PersistenceError('IO_ERROR', 'standby', 'standby: the file system failed')
    }
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({
      code: 'NOT_FOLLOWING',
      message: expect.stringMatching(/is waiting .*file system failed.*try again, .*lose its later changes \(1\)/),
    })
    pair.before = () => undefined
    // It follows again.
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    await pair.ending.takeOver(true)
    expect(pair.state.current.reason).toBe('it has taken over')
    expect(pair.standby.prepare('SELECT key FROM main.go_goscope_cache').all()).toHaveLength(1)
  } finally {
    await pair.dispose()
  }
})

/** Makes a pair whose standby was stopped by a failure of its own disk. */
async function stoppedPair(): Promise<StandbyPair> {
  const pair = await StandbyPair.make()
  await pair.follower.begin()
  pair.before = () => {
    throw new PersistenceError('READ_ONLY', 'standby', 'standby: no writes')
  }
  await pair.follower.round()
  pair.before = () => undefined
  expect(pair.state.current.state).toBe('stopped')
  return pair
}

test('a standby that has stopped takes over from a source without later changes only when nobody uses it', async () => {
  const pair = await stoppedPair()
  try {
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    pair.beforeWriting = (sql) => {
      if (sql.startsWith('SELECT max(seq)')) throw new PersistenceError('BUSY', 'standby', 'standby: it is locked')
    }
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    pair.beforeWriting = () => undefined
    await pair.adapter.disconnect()
    await collectGarbage()
    await pair.ending.takeOver(false)
    await pair.ending.leave()
    const source = new DatabaseSync(pair.path)
    expect(source.prepare("SELECT name FROM sqlite_master WHERE name = 'go_goscope_changes'").all()).toEqual([])
    expect(source.prepare('PRAGMA journal_mode').all()).toEqual([{ journal_mode: 'wal' }])
    source.close()
  } finally {
    await pair.dispose()
  }
})

test.each(['following', 'stopped'])(
  'a standby that is %s takes over from a source that can be read but not be written',
  async (state) => {
    const pair = state === 'stopped' ? await stoppedPair() : await StandbyPair.make()
    try {
      if (state === 'following') {
        await pair.follower.begin()
        // It reports its position, and then not again for minutes.
        await pair.follower.round()
      }
      pair.beforeWriting = (sql) => {
        if (sql.startsWith('PRAGMA journal_mode'))
          throw new PersistenceError('READ_ONLY', 'standby', 'standby: no writes')
      }
      expect(pair.state.current.state).toBe(state)
      await pair.ending.takeOver(false)
      expect(pair.state.current.reason).toBe('it has taken over')
    } finally {
      await pair.dispose()
    }
  },
)

test('a standby that has stopped does not take over when a writer comes and goes while its source is looked at', async () => {
  const pair = await stoppedPair()
  try {
    await pair.adapter.disconnect()
    await collectGarbage()
    pair.beforeWriting = (sql) => {
      if (sql !== 'PRAGMA journal_mode = DELETE') return
      pair.beforeWriting = () => undefined
      const writer = new DatabaseOfPair(pair.path)
      writer.exec("INSERT INTO go_goscope_cache (key, value) VALUES ('cache:late', '1')")
      writer.close()
    }
    await expect(pair.ending.takeOver(false)).rejects.toMatchObject({
      code: 'NOT_FOLLOWING',
      message: expect.stringContaining('its later changes (1)'),
    })
  } finally {
    await pair.dispose()
  }
})

// What they write to it is lost with it, unlike what they write to a file that has its name.
test('a standby whose source was deleted takes over although others still have the source open', async () => {
  const pair = await StandbyPair.make()
  try {
    await pair.follower.begin()
    rmSync(pair.path)
    await pair.ending.takeOver(false)
    expect(pair.state.current.reason).toBe('it has taken over')
  } finally {
    await pair.dispose()
  }
})

test('a source that a takeover left without WAL gets it back when it is followed again, and a file without a log stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'late-writers-'))
  const mode = async (log: string): Promise<unknown> => {
    const path = join(folder, log === '' ? 'other.db' : 'followed.db')
    const made = new DatabaseSync(path)
    made.exec(`CREATE TABLE mine (x); ${log}`)
    made.close()
    const standby = new DatabaseSync(':memory:')
    const source = new Source(path, sqlOf(standby), async () => sqlOf(new DatabaseSync(path)))
    await source.attach()
    const [row] = await source.sql.query('PRAGMA journal_mode')
    await source.detach()
    standby.close()
    return row
  }
  try {
    expect(await mode('CREATE TABLE go_goscope_changes (seq)')).toEqual({ journal_mode: 'wal' })
    expect(await mode('')).toEqual({ journal_mode: 'delete' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
