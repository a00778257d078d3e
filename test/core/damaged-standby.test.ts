import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { StandbyPair } from './standby-pair.js'

let pair: StandbyPair
beforeEach(async () => {
  pair = await StandbyPair.make()
  await pair.adapter.cache.set('k', 1)
  await pair.follower.begin()
})
afterEach(() => pair.dispose())

const INDEX = 'idx_cache_expires'

/** Changes the schema text without SQLite's checks while `meanwhile` runs. */
function pastTheSchema(change: string, undo: string, meanwhile: string): void {
  const { standby } = pair
  // Later releases of the engine forbid it by default.
  if ('enableDefensive' in standby) (standby.enableDefensive as (on: boolean) => void)(false)
  for (const sql of [change, meanwhile, undo]) {
    standby.exec(`PRAGMA writable_schema = ON; ${sql}; PRAGMA writable_schema = RESET`)
  }
}

/** Runs `meanwhile` while no statement can read the schema of a database. */
async function withoutSchema(database: typeof pair.standby, meanwhile: () => Promise<void>): Promise<void> {
  if ('enableDefensive' in database) (database.enableDefensive as (on: boolean) => void)(false)
  const change = (from: string, to: string): void =>
    database.exec(`PRAGMA writable_schema = ON;
UPDATE main.sqlite_master SET sql = replace(sql, '${from}', '${to}') WHERE name = 'go_goscope_cache';
PRAGMA writable_schema = RESET`)
  change('CREATE TABLE', 'TABLE')
  try {
    await meanwhile()
  } finally {
    change('TABLE', 'CREATE TABLE')
  }
}

/** Removes the index entry of a row. */
function damageIndex(): void {
  pastTheSchema(
    `CREATE TEMP TABLE kept AS SELECT * FROM main.sqlite_master WHERE name = '${INDEX}';
DELETE FROM main.sqlite_master WHERE name = '${INDEX}'`,
    'INSERT INTO main.sqlite_master SELECT * FROM temp.kept; DROP TABLE temp.kept',
    'UPDATE main.go_goscope_cache SET expires_at = 5',
  )
}

/** Adds a row that violates a constraint of its table. */
function damageRow(): void {
  const change = (from: string, to: string) =>
    `UPDATE main.sqlite_master SET sql = replace(sql, '${from}', '${to}') WHERE name = 'go_goscope_cache'`
  const [without, column] = ['value TEXT,', 'value TEXT NOT NULL,']
  pastTheSchema(change(column, without), change(without, column), 'UPDATE main.go_goscope_cache SET value = NULL')
}

const corrupt = (): never => {
  throw new PersistenceError('CORRUPT', 'standby', 'standby: the database is damaged')
}

test('a standby whose source is damaged waits, and checks itself once', async () => {
  let checks = 0
  await pair.adapter.cache.set('k', 2)
  pair.before = (sql) => {
    if (sql.includes('quick_check')) checks++
    // Its own disk may fail meanwhile.
    if (sql.includes('quick_check')) throw new PersistenceError('IO_ERROR', 'standby', 'standby: it failed as planted')
    if (sql.startsWith('INSERT INTO main.')) corrupt()
  }
  for (let round = 0; round < 3; round++) {
    expect(await pair.follower.round()).toMatchObject({ code: 'CORRUPT' })
    expect(pair.state.current.state).toBe('waiting')
  }
  expect(checks).toBe(1)
})

test('a standby waits if no statement can read the schema of its source any more', async () => {
  await pair.adapter.cache.set('k', 2)
  await withoutSchema(pair.source, async () => {
    // Otherwise nothing reads the schema anew.
    pair.source.exec('PRAGMA schema_version = 1000')
    expect(await pair.follower.round()).toMatchObject({ code: 'CORRUPT' })
    expect(pair.state.current.state).toBe('waiting')
  })
})

describe('a standby that is damaged', () => {
  test('is not followed again', async () => {
    await pair.ending.leave()
    damageIndex()
    const again = pair.another()
    await expect(again.follower.begin()).rejects.toMatchObject({ code: 'CORRUPT', operation: 'standby.follow' })
    expect(again.state.current.state).toBe('lost')
    await again.ending.leave()
  })

  test('is found by verify(), and does not take over afterwards', async () => {
    damageIndex()
    await expect(pair.follower.verify()).rejects.toMatchObject({ code: 'CORRUPT', operation: 'standby.verify' })
    expect(pair.state.current.state).toBe('lost')
    await expect(pair.ending.takeOver(true)).rejects.toMatchObject({ code: 'NOT_FOLLOWING' })
  })

  test('by its copy neither follows nor takes over', async () => {
    pair.before = (sql) => {
      if (sql.includes('wal_checkpoint')) damageIndex()
    }
    // A change of the schema forces a new copy.
    pair.source.exec('CREATE TABLE something (id)')
    await pair.follower.round()
    expect(pair.state.current).toMatchObject({ state: 'lost', reason: expect.stringContaining(INDEX) })
    await expect(pair.ending.takeOver(true)).rejects.toMatchObject({ code: 'NOT_FOLLOWING' })
  })

  test('is lost at the first statement that reports the damage, and does not wait for its disk', async () => {
    damageRow()
    await pair.adapter.cache.set('other', 2)
    pair.before = (sql) => void (sql.startsWith('DELETE FROM main.') && corrupt())
    await pair.follower.round()
    expect(pair.state.current).toMatchObject({ state: 'lost', reason: expect.stringContaining('go_goscope_cache') })
  })

  test('is lost if no statement can read its schema any more', async () => {
    await pair.adapter.cache.set('k', 2)
    await withoutSchema(pair.standby, async () => void (await pair.follower.round()))
    expect(pair.state.current).toMatchObject({
      state: 'lost',
      reason: expect.stringMatching(/standby is damaged.*malformed/),
    })
  })

  test('takes over nevertheless if only an index is, while the disk of its source fails', async () => {
    damageIndex()
    pair.before = (sql) => void (/\bsource\./.test(sql) && corrupt())
    await pair.follower.round()
    expect(pair.state.current.state).toBe('waiting')
    await pair.ending.takeOver(true)
    expect(pair.state.current.reason).toBe('it has taken over')
  })

  test('does not take over, and continues to follow', async () => {
    damageRow()
    await expect(pair.ending.takeOver(true)).rejects.toMatchObject({ code: 'CORRUPT', operation: 'standby.takeOver' })
    expect(pair.state.current.state).toBe('following')
  })
})
