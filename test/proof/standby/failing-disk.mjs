// failing-disk.mjs <engine> <folder>: an order `point <kind> <errno> <at>` lets the at-th call of the file system fail, each time
// while a standby applies a change, while it is stopped, while it is started again, and while another one takes over. Answers with
// the outcomes, and with what both standbys have when the disk works again.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { faultArmer } from '../disk-faults/arm-faults.mjs'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const arm = await faultArmer(folder)
const source = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
let value = 0
let targets = 0

/** Follows with few rounds of its own: each `waitFor` makes one. @param {string} name */
const follow = (name) =>
  engine.Standby.follow(/** @type {never} */ (source), { target: join(folder, name), every: 1_000 })

let standby = await follow('standby.db')

await takeOrders(async ([, kind, errno, at]) => {
  let failed = 0
  /** @param {string} operation @param {() => Promise<unknown>} work */
  const failing = async (operation, work) => {
    arm(/** @type {'r' | 's' | 'w'} */ (kind), Number(errno), Number(at), 1)
    try {
      await work()
      return 'done'
    } catch (error) {
      const { code, message, ...named } = /** @type {import('@go-go-scope/persistence-core').PersistenceError} */ (
        error
      )
      return named.operation === operation && message.startsWith(operation) ? code : `${named.operation} ${error}`
    } finally {
      failed += arm('w', 0, 0, 0)
    }
  }
  const change = () => source.cache.set('k', ++value)
  /** Whether the standby has every change, and equals its source, now that the disk works. */
  const isWhole = async () => {
    await standby.waitFor()
    return (await standby.cache.get('k')) === value && (await standby.verify()).equal && standby.state
  }

  await change()
  const applied = await failing('standby.waitFor', () => standby.waitFor())
  // What counts as current is current.
  const honest = standby.state === 'waiting' || (await standby.cache.get('k')) === value
  const after = await isWhole()

  const stopped = await failing('standby.stop', () => standby.stop())
  await change()
  const followed = await failing('standby.follow', async () => {
    standby = await follow('standby.db')
  })
  if (followed !== 'done') standby = await follow('standby.db')
  const again = await isWhole()

  const name = `other-${++targets}.db`
  const other = await follow(name)
  await change()
  /** @type {Awaited<ReturnType<typeof other.takeOver>> | undefined} */
  let promoted
  const taken = await failing('standby.takeOver', async () => {
    promoted = await other.takeOver({ force: true })
  })
  promoted ??= await other.takeOver({ force: true })

  const has = (await promoted.cache.get('k')) === value
  await promoted.disconnect()
  await other.stop()
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(join(folder, name + suffix), { force: true })
  return { failed, applied, honest, after, stopped, followed, again, taken, has }
})

// A standby keeps its process alive.
await standby.stop()
await source.disconnect()
