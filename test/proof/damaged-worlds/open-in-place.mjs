// open-in-place.mjs <engine> <folder>: opens app.db of a folder in which nothing can be written, and says how that went.
import { join } from 'node:path'
import { engine, processArguments } from '../process/engine-of-process.mjs'
import { say } from '../process/take-orders.mjs'

const [folder = ''] = processArguments
const path = join(folder, 'app.db')

/** @param {Promise<unknown>} work */
async function codeOf(work) {
  try {
    await work
    return 'none'
  } catch (error) {
    const { _tag, code } = /** @type {{ _tag?: unknown, code?: unknown }} */ (error)
    return _tag === 'PersistenceError' ? code : String(error)
  }
}

const write = await codeOf(
  engine.SQLiteAdapter.open(path).then((adapter) => adapter.cache.set('k', 2).finally(() => adapter.disconnect())),
)
/** @type {unknown} */
let read
const openReadOnly = await codeOf(
  engine.SQLiteAdapter.open(path, { readOnly: true }).then(async (adapter) => {
    read = await adapter.cache.get('k')
    await adapter.disconnect()
  }),
)
say({ write, openReadOnly, read })
