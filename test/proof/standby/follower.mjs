// follower.mjs <engine>: at the order `follow <source> <target>`, follows; at `verify`, waits until the standby has all
// that the source has and compares the two; at `take-over`, takes over and gives what the writers wrote last; at `stop`, ends.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

/** @type {Awaited<ReturnType<typeof engine.Standby.follow>> | undefined} */
let standby

/**
 * There is no queue at the lock of a file: on a machine under load the one who enters the log may be unlucky for longer than
 * it waits, and is told so.
 *
 * @param {string} source @param {string} target
 * @returns {Promise<Awaited<ReturnType<typeof engine.Standby.follow>>>}
 */
async function follow(source, target, triesLeft = 20) {
  try {
    return await engine.Standby.follow(/** @type {never} */ (source), { target, every: 2, locks: 'database' })
  } catch (error) {
    if (/** @type {{ code?: unknown }} */ (error).code !== 'BUSY' || triesLeft === 0) throw error
    return follow(source, target, triesLeft - 1)
  }
}

await takeOrders(async ([what, source = '', target = '']) => {
  if (what === 'follow') {
    standby = await follow(source, target)
    return { state: standby.state, reason: standby.reason ?? null }
  }
  if (standby === undefined) throw new Error('follow comes first')
  if (what === 'verify') {
    await standby.waitFor()
    const { equal, rows, position } = await standby.verify()
    return { equal, rows, position, state: standby.state, reason: standby.reason ?? null }
  }
  if (what === 'stop') return standby.stop()
  const adapter = await standby.takeOver()
  const last = await adapter.cache.getMany(['last-of-0', 'last-of-1'])
  const token = (await adapter.lock.acquire('the token of this file', 1_000))?.token
  await adapter.disconnect()
  // The source is looked at next, and not while it is left.
  await standby.stop()
  return { last: Object.fromEntries(last), token }
})
