// open-in-place.mjs <engine> <folder>: opens app.db in a read-only folder, backs it up beside the folder, and prints the outcome.
import { join } from 'node:path'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const path = join(folder, 'app.db')

/** @param {Promise<unknown>} work @returns {Promise<{ code: unknown, message: string }>} */
async function refusalOf(work) {
  try {
    await work
    return { code: 'none', message: '' }
  } catch (error) {
    const { _tag, code, message } = /** @type {Error & { _tag?: unknown, code?: unknown }} */ (error)
    return { code: _tag === 'PersistenceError' ? code : String(error), message }
  }
}

const write = await refusalOf(
  engine.SQLiteAdapter.open(path).then((adapter) => adapter.cache.set('k', 2).finally(() => adapter.disconnect())),
)

/** @param {object} options @param {string} [backup] */
async function readBy(options, backup) {
  /** @type {unknown} */
  let read
  const refusal = await refusalOf(
    engine.SQLiteAdapter.open(path, options).then(async (adapter) => {
      read = await adapter.cache.get('k')
      if (backup !== undefined) await adapter.backup(backup)
      await adapter.disconnect()
    }),
  )
  return { ...refusal, read }
}

const immutable = await readBy({ immutable: true }, `${folder}-backup.db`)
say({ write, readOnly: await readBy({ readOnly: true }), immutable })
