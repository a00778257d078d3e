// failing-disk.mjs <engine> <folder>: an order `point <kind> <errno> <at>` backs up a database into a folder, and restores a backup
// over another database, while the at-th call of each fails. Answers with the codes of both and with what they left.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { faultArmer } from '../disk-faults/arm-faults.mjs'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const arm = await faultArmer(folder)
const copies = join(folder, 'copies')
const source = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
await source.cache.set('generation', 'old')
await source.backup(join(folder, 'old.db'))
await source.cache.set('generation', 'new')
await source.backup(join(folder, 'new.db'))
// The message of the last error.
let said = ''

/**
 * @param {string} operation
 * @param {() => Promise<unknown>} work
 */
const codeOf = async (operation, work) => {
  try {
    await work()
    return 'done'
  } catch (error) {
    const { code, message, ...named } = /** @type {import('@go-go-scope/persistence-core').PersistenceError} */ (error)
    said = message
    return named.operation === operation && message.startsWith(operation) ? code : `${error}`
  }
}

/** @param {string} path */
const generationIn = async (path) => {
  const adapter = await engine.SQLiteAdapter.open(path)
  const generation = await adapter.cache.get('generation')
  await adapter.disconnect()
  return generation
}

await takeOrders(async ([, kind, errno, at]) => {
  /** @type {typeof codeOf} */
  const failing = (operation, work) => {
    arm(/** @type {'r' | 's' | 'w'} */ (kind), Number(errno), Number(at), 1)
    return codeOf(operation, work)
  }
  mkdirSync(copies)
  const copy = join(copies, 'copy.db')
  const backup = await failing('backup', () => source.backup(copy))
  let failed = arm('w', 0, 0, 0)
  if (backup === 'done') await engine.verifyBackup(copy)
  const left = readdirSync(copies).sort()
  rmSync(copies, { recursive: true })

  mkdirSync(copies)
  const target = join(copies, 'app.db')
  cpSync(join(folder, 'old.db'), target)
  said = ''
  const restore = await failing('restore', () => engine.restore(join(folder, 'new.db'), target))
  failed += arm('w', 0, 0, 0)
  const told = said.includes('the backup is in its place')
  const beside = readdirSync(copies).filter((name) => !/^app\.db(\.before-[\dTZ.]+)?$/.test(name))
  const generation = await generationIn(target)
  const again = await codeOf('restore', () => engine.restore(join(folder, 'new.db'), target))
  rmSync(copies, { recursive: true })
  return {
    failed,
    backup,
    left,
    restore,
    told,
    beside,
    generation,
    again,
    source: await codeOf('cache.set', () => source.cache.set('k', 1)),
  }
})
