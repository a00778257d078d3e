import { inTurns } from './in-turns.mjs'
import { perSecond, rateOf } from './rate.mjs'
import { runTogether } from './users.mjs'

/**
 * Gets of the owner's own thread and of so many workers, 100 in flight each, in short rounds. Each round has both, one right
 * after the other: the speed of a machine drifts within seconds by more than what they differ in. Of each the calls a second,
 * and µs of the processor's time a call, of all threads of this process: two cores have no more than two µs a µs.
 *
 * @param {Record<string, (index: number) => unknown>} direct
 * @param {object[]} users threads of this process
 * @param {{ rounds: number, duration: number }} how `duration` in ms
 */
export async function pairsOf(direct, users, { rounds, duration }) {
  const how = { inFlight: 100, duration }
  const counted = async (work) => {
    const before = process.cpuUsage()
    const ran = await work()
    const { user, system } = process.cpuUsage(before)
    return { rate: perSecond(ran), cpu: (user + system) / ran.reduce((sum, { made }) => sum + made, 0) }
  }
  const { direct: ones, remote } = await inTurns(rounds, {
    direct: () => counted(async () => [await rateOf(direct.get, how)]),
    remote: () => counted(() => runTogether(users, { call: 'get', ...how })),
  })
  const each = (found) => ({ rates: found.map(({ rate }) => rate), cpu: found.map(({ cpu }) => cpu) })
  return { direct: each(ones), remote: each(remote) }
}
