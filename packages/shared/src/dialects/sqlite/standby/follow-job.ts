import { systemClock } from '../../../time/clock.js'
import { READ_LOG } from '../schema/change-log.js'
import { openOwn } from '../thread/own-connection.js'
import type { Job, JobContext } from '../thread/run-job.js'
import type { ThreadEngine } from '../thread/thread-engine.js'
import { Ending } from './ending.js'
import { Follower, type FollowerParts } from './follower.js'
import { FollowerState } from './follower-state.js'
import type { FollowInput } from './messages.js'
import { type OwnSql, Source } from './source.js'
import { StandbyRequests } from './standby-requests.js'
import { sqlOf, Target } from './target.js'

// Of one statement. Rounds wait along, and so do those who read the standby; see retry-while-busy.ts.
const BUSY_TIMEOUT_MS = 1_000
// The end of the process asks by a flag, which wakes nobody.
const LONGEST_PAUSE_MS = 50
// Between two tries to write on a disk that is full: each may be a copy of the whole source.
const WAITING_MS = 1_000

/** Follows a file until it is stopped, and answers for the standby meanwhile. */
export const followJob: Job = async (
  { source: path, target: name, every, busyTimeout }: FollowInput,
  { engine, stop, tell, listen }: JobContext,
) => {
  const { monotonic, now } = systemClock
  const target = await Target.open(name, engine, BUSY_TIMEOUT_MS)
  const state = new FollowerState(now, (changed) => tell({ state: changed }))
  const parts: FollowerParts = {
    standby: target.sql,
    stays: () => target.stays(),
    source: new Source(path, target.sql, () => openSource(path, engine)),
    state,
    busyWait: { busyTimeout, monotonic, stopping: () => stop.requested },
    now,
  }
  const follower = new Follower(parts)
  const ending = new Ending(follower, parts)
  let begun = false
  try {
    await follower.begin()
    // Who has asked for a standby is told by now that there is none.
    begun = !stop.requested
    if (begun) tell({ begun })
    const requests = new StandbyRequests(parts, follower, ending, tell, () => target.handOver())
    listen((message) => requests.receive(message))
    for (let due = monotonic() + every; !stop.requested && !target.closed; ) {
      if (monotonic() >= due && state.going) {
        await follower.round()
        due = monotonic() + (state.current.state === 'waiting' ? Math.max(every, WAITING_MS) : every)
      }
      await requests.answerAll()
      if (ending.takenOver) await ending.leave()
      if (!target.closed) await requests.waitForWork(Math.min(LONGEST_PAUSE_MS, Math.max(0, due - monotonic())))
    }
    await ending.leave()
  } catch (error) {
    // That is told, and not what leaving meets besides.
    await ending.leave().catch(() => undefined)
    throw error
  } finally {
    await (begun ? target.close() : target.discard())
  }
}

async function openSource(path: string, engine: ThreadEngine<object>): Promise<OwnSql> {
  const connection = await openOwn(path, engine, { readOnly: false, busyTimeout: BUSY_TIMEOUT_MS })
  const source = { ...sqlOf(connection, path), close: () => connection.close() }
  // What a loss of power takes from the log it takes with the changes that it tells of. A flush would hold up writers.
  await source.query('PRAGMA synchronous = NORMAL')
  // A takeover that died while it had the source for itself has left its mode: what is followed was in this one.
  if ((await source.query(READ_LOG)).length > 0) await source.query('PRAGMA journal_mode = WAL')
  return source
}
