import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { systemClock } from '../../../time/clock.js'
import { createFile } from '../file/create-file.js'
import { READ_LOG } from '../schema/change-log.js'
import { type OwnConnection, openOwn } from '../thread/own-connection.js'
import type { Job, JobContext } from '../thread/run-job.js'
import type { ThreadEngine } from '../thread/thread-engine.js'
import { Ending } from './ending.js'
import { Follower, type FollowerParts } from './follower.js'
import { FollowerState } from './follower-state.js'
import type { FollowInput } from './messages.js'
import { type OwnSql, Source } from './source.js'
import type { Sql } from './sql.js'
import { StandbyRequests } from './standby-requests.js'

// Of one statement. Rounds wait along, and so do those who read the standby; see retry-while-busy.ts.
const BUSY_TIMEOUT_MS = 1_000
const MODE = 0o600
// The end of the process asks by a flag, which wakes nobody.
const LONGEST_PAUSE_MS = 50

/** Follows a file until it is stopped, and answers for the standby meanwhile. */
export const followJob: Job = async (
  { source: path, target, every, busyTimeout }: FollowInput,
  context: JobContext,
) => {
  const { engine, stop, tell, listen } = context
  const connection = await openTarget(target, engine)
  const standby = sqlOf(connection)
  const source = new Source(path, standby, async () => openSource(path, engine))
  const { monotonic, now } = systemClock
  const state = new FollowerState(now, (changed) => tell({ state: changed }))
  const busyWait = { busyTimeout, monotonic, stopping: () => stop.requested }
  const parts: FollowerParts = { standby, source, state, busyWait, now }
  const follower = new Follower(parts)
  const ending = new Ending(follower, parts)
  let closed = false
  const closeTarget = async (): Promise<void> => {
    if (closed) return
    closed = true
    try {
      await releaseTarget(standby)
    } finally {
      await connection.close()
    }
  }
  // A database in memory is this thread's, which serves it from now on; a file is opened by whoever has taken over. It is
  // promoted: what keeps this thread from closing it must not be told as a takeover that failed.
  const handOver = async (): Promise<void> => (target === ':memory:' ? undefined : closeTarget().catch(() => undefined))
  try {
    await follower.begin()
    tell({ begun: true })
    const requests = new StandbyRequests(parts, follower, ending, tell, handOver)
    listen((message) => requests.receive(message))
    for (let due = monotonic() + every; !stop.requested && !closed; ) {
      if (monotonic() >= due && state.going) {
        await follower.round()
        due = monotonic() + every
      }
      await requests.answerAll()
      if (ending.takenOver) await ending.leave()
      if (!closed) await requests.waitForWork(Math.min(LONGEST_PAUSE_MS, Math.max(0, due - monotonic())))
    }
    await ending.leave()
  } catch (error) {
    // That is told, and not what leaving meets besides.
    await ending.leave().catch(() => undefined)
    throw error
  } finally {
    await closeTarget()
  }
}

/** Opens the standby for this thread alone: nobody reads it past the one that keeps a round whole, or writes to it. */
async function openTarget(target: string, engine: ThreadEngine<object>): Promise<OwnConnection> {
  if (target !== ':memory:') await createFile(target, MODE)
  try {
    const connection = await openOwn(target, engine, { readOnly: false, busyTimeout: BUSY_TIMEOUT_MS })
    try {
      await tuneTarget(sqlOf(connection), target)
      return connection
    } catch (error) {
      await connection.close()
      throw error
    }
  } catch (error) {
    if (!hasCode(error, 'BUSY')) throw error
    throw new PersistenceError(
      'FILE_IN_USE',
      'standby.follow',
      `standby.follow: the target ${target} is in use; end what has it open, or name another file`,
      error,
    )
  }
}

async function tuneTarget(standby: Sql, target: string): Promise<void> {
  await standby.query('PRAGMA temp_store = MEMORY')
  await standby.query('PRAGMA trusted_schema = 0')
  if (target === ':memory:') return
  await standby.query('PRAGMA main.locking_mode = EXCLUSIVE')
  await standby.query('PRAGMA main.journal_mode = WAL')
  // A loss of power may take the source's disk as well, and then there is nothing that it could be copied from again.
  await standby.query('PRAGMA main.synchronous = FULL')
  await standby.query('BEGIN EXCLUSIVE')
  await standby.query('COMMIT')
}

/** Some engines keep a file open for longer than its handle, and with it the lock that keeps others away. */
async function releaseTarget(standby: Sql): Promise<void> {
  await standby.query('PRAGMA main.locking_mode = NORMAL')
  await standby.query('SELECT count(*) FROM main.sqlite_master')
}

async function openSource(path: string, engine: ThreadEngine<object>): Promise<OwnSql> {
  const connection = await openOwn(path, engine, { readOnly: false, busyTimeout: BUSY_TIMEOUT_MS })
  const source = { ...sqlOf(connection), close: () => connection.close() }
  // What a loss of power takes from the log it takes with the changes that it tells of. A flush would hold up writers.
  await source.query('PRAGMA synchronous = NORMAL')
  // A takeover that died while it had the source for itself has left its mode: what is followed was in this one.
  if ((await source.query(READ_LOG)).length > 0) await source.query('PRAGMA journal_mode = WAL')
  return source
}

function sqlOf({ queue }: OwnConnection): Sql {
  return { query: (sql, parameters = []) => queue.query('standby', sql, parameters) }
}
