// follower.mjs <engine>: at the order `follow <source> <target>`, follows; at `verify`, waits until the standby has all
// that the source has and compares the two; at `take-over`, takes over and gives what the writers wrote last; at `end`, waits
// until following ends by itself; at `stop`, stops it.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

/** @typedef {Awaited<ReturnType<typeof engine.Standby.follow>>} Standby */

/** @type {Standby | undefined} */
let standby

/** @param {Standby} standby */
const condition = ({ state, reason }) => ({ state, reason: reason ?? null })

await takeOrders(async ([what, source = '', target = '']) => {
  if (what === 'follow') {
    // There is no queue at the lock of a file: beside writers without a pause a follower may be unlucky for long.
    const options = { target, every: 2, locks: /** @type {const} */ ('database'), busyTimeout: 30_000 }
    standby = await engine.Standby.follow(/** @type {never} */ (source), options)
    return condition(standby)
  }
  if (standby === undefined) throw new Error('follow comes first')
  if (what === 'verify') {
    await standby.waitFor()
    const { equal, position } = await standby.verify()
    return { equal, position, ...condition(standby) }
  }
  if (what === 'end') {
    await standby.waitFor(Number.MAX_SAFE_INTEGER).catch(() => undefined)
    return condition(standby)
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
