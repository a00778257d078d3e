// follower.mjs <engine>: `follow <source> <target>` follows; `verify` waits until the standby is up to date and compares it with
// the source; `take-over [force]` takes over and answers with the last writes of the writers; `end` waits until following ends by
// itself; `stop` stops it.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

/** @typedef {Awaited<ReturnType<typeof engine.Standby.follow>>} Standby */

/** @type {Standby | undefined} */
let standby

/** @param {Standby} standby */
const condition = ({ state, reason }) => ({ state, reason: reason ?? null })

await takeOrders(async ([what, source = '', target = '']) => {
  if (what === 'follow') {
    // SQLite's write lock has no queue, so while writers work without a pause a follower may wait long.
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
  const adapter = await standby.takeOver({ force: source === 'force' })
  const last = await adapter.cache.getMany(['last-of-0', 'last-of-1'])
  const token = (await adapter.lock.acquire('the token of this file', 1_000))?.token
  await adapter.disconnect()
  // The test reads the source next, so following must have ended.
  await standby.stop()
  return { last: Object.fromEntries(last), token }
})
