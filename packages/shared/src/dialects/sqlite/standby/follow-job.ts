import { systemClock } from '../../../time/clock.js'
import { openOwn } from '../thread/own-connection.js'
import type { Job, JobContext } from '../thread/run-job.js'
import type { ThreadEngine } from '../thread/thread-engine.js'
import { failureIn } from '../thread/typed-error.js'
import { Ending } from './ending.js'
import { Follower, type FollowerParts } from './follower.js'
import { FollowerState } from './follower-state.js'
import type { FollowInput } from './messages.js'
import { type OwnSql, Source } from './source.js'
import { StandbyRequests } from './standby-requests.js'
import { sqlOf, Target } from './target.js'

// Timeout of one statement. Rounds and readers of the standby wait as long; see retry-while-busy.ts.
const BUSY_TIMEOUT_MS = 1_000
// At exit the process requests the stop by a flag, which wakes no one.
const LONGEST_PAUSE_MS = 50
// The least pause between two attempts on a full or failing disk.
const WAITING_MS = 1_000
// Each of these attempts may copy the whole source. A longer pause leaves the disks to others for most of the time.
const PAUSE_PER_ATTEMPT = 4

/** Follows a file until it is stopped, and answers requests for the standby meanwhile. */
export const followJob: Job = async (input: FollowInput, context: JobContext) => {
  let operation = 'standby.follow'
  const onBegun = (): void => {
    operation = 'standby.stop'
  }
  try {
    await followUntilStopped(input, context, onBegun)
  } catch (error) {
    throw failureIn(error, operation)
  }
}

async function followUntilStopped(
  { source: path, target: name, every, busyTimeout }: FollowInput,
  { engine, stop, tell, listen }: JobContext,
  onBegun: () => void,
): Promise<void> {
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
    // By now the caller of `follow` has received the error.
    begun = !stop.requested
    if (begun) {
      onBegun()
      tell({ begun })
    }
    const requests = new StandbyRequests(parts, follower, ending, tell, () => target.handOver())
    listen((message) => requests.receive(message))
    for (let due = monotonic() + every; !stop.requested && !target.closed; ) {
      if (monotonic() >= due && state.going) {
        const began = monotonic()
        await follower.round()
        const ended = monotonic()
        due = ended + (state.current.state === 'waiting' ? waitingPause(every, ended - began) : every)
      }
      await requests.answerAll()
      if (ending.takenOver) await ending.leave()
      if (!target.closed) await requests.waitForWork(Math.min(LONGEST_PAUSE_MS, Math.max(0, due - monotonic())))
    }
    await ending.leave()
  } catch (error) {
    // Report that error, not one of leaving.
    await ending.leave().catch(() => undefined)
    throw error
  } finally {
    await (begun ? target.close() : target.discard())
  }
}

/** Returns the pause in ms after an attempt that a full or failing disk has ended. @param took ms of the attempt. */
export function waitingPause(every: number, took: number): number {
  return Math.max(every, WAITING_MS, PAUSE_PER_ATTEMPT * took)
}

async function openSource(path: string, engine: ThreadEngine<object>): Promise<OwnSql> {
  const connection = await openOwn(path, engine, { readOnly: false, busyTimeout: BUSY_TIMEOUT_MS })
  return { ...sqlOf(connection, path), close: () => connection.close() }
}
