import { inTurns } from './in-turns.mjs'
import { perSecond, rateOf } from './rate.mjs'
import { runTogether } from './users.mjs'

/**
 * Gets of the owner's own thread and of so many workers, 100 in flight each, in short rounds. Each round has both, one right
 * after the other: the speed of a machine drifts within seconds by more than what they differ in.
 *
 * @param {Record<string, (index: number) => unknown>} direct
 * @param {object[]} users threads of this process
 * @param {{ rounds: number, duration: number }} how `duration` in ms
 * @returns of each round the gets a second, and µs of the processor's time, of all threads of this process, for one of a worker
 */
export async function pairsOf(direct, users, { rounds, duration }) {
  const how = { inFlight: 100, duration }
  const found = await inTurns(rounds, {
    direct: async () => perSecond([await rateOf(direct.get, how)]),
    async remote() {
      const before = process.cpuUsage()
      const ran = await runTogether(users, { call: 'get', ...how })
      const { user, system } = process.cpuUsage(before)
      return { rate: perSecond(ran), cpu: (user + system) / ran.reduce((sum, { made }) => sum + made, 0) }
    },
  })
  return {
    direct: found.direct,
    remote: found.remote.map(({ rate }) => rate),
    cpu: found.remote.map(({ cpu }) => cpu),
  }
}
