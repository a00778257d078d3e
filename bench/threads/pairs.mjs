import { inTurns } from './in-turns.mjs'
import { perSecond, rateOf } from './rate.mjs'
import { runTogether } from './users.mjs'

/**
 * Measures gets of the owner's own thread and of workers, 100 in flight each, in short rounds. Each round has both, one right
 * after the other: within seconds the speed of a machine drifts by more than they differ.
 *
 * @param {Record<string, (index: number) => unknown>} direct
 * @param {object[]} users threads of this process
 * @param {{ rounds: number, duration: number }} how `duration` in ms
 * @returns per round the gets per second, and the µs of CPU time of all threads of this process per get of a worker
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
