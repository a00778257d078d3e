// copier.mjs <engine> <folder>: makes copies of <folder>/app.db, or restores one to <folder>/target.db, as ordered, until it is
// killed. Answers each order when it is done.
import { join } from 'node:path'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const place = (/** @type {string} */ name) => join(folder, name)

/** @typedef {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} Adapter */

/** @type {Adapter | undefined} */
let adapter
const opened = async () => {
  adapter ??= await engine.SQLiteAdapter.open(place('app.db'))
  return adapter
}

/** @type {object | undefined} */
let handle

/** @type {Record<string, (...words: string[]) => Promise<unknown>>} */
const orders = {
  backup: async (name = '', rate = '1000') =>
    codeOf(async () => (await opened()).backup(place(name), { rate: Number(rate) })),
  restore: (name = '', target = '') => codeOf(() => engine.restore(place(name), place(target))),

  /** Makes one backup after another under new names that begin with `name`. */
  async backups(name = '') {
    await opened()
    for (let number = 0; ; number++) await orders.backup?.(`${name}-${number}.db`, '20')
  },
  async restores(name = '') {
    for (;;) await orders.restore?.(name, 'target.db')
  },

  /** Opens a handle of the engine and runs no statement on it. */
  async open(name = '') {
    handle = await engine.openHandle(place(name))
  },
  async read() {
    if (handle === undefined) throw new Error('there is no handle')
    return (await engine.rows(handle, 'SELECT count(*) AS objects FROM sqlite_master'))[0]?.objects
  },
  /** Makes an adapter on the handle and writes until a write is refused; a replaced file is noticed within about a second. */
  async write() {
    const late = new engine.SQLiteAdapter(/** @type {never} */ (handle))
    const end = performance.now() + 10_000
    for (let number = 0; performance.now() < end; number++) {
      const code = await codeOf(() => late.cache.set('k', number))
      if (code !== 'done') return code
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return 'never noticed'
  },

  /** Ends the process, as an app may, while the engine copies. */
  async exit(name = '') {
    const progress = (/** @type {{ totalPages: number, remainingPages: number }} */ event) => {
      if (event.remainingPages < event.totalPages) process.exit(0)
    }
    await (await opened()).backup(place(name), { rate: 1, progress })
  },

  disconnect: async () => adapter?.disconnect(),
}

/**
 * @param {() => Promise<unknown>} work
 * @returns {Promise<string>} `done`, or the code of the error
 */
async function codeOf(work) {
  try {
    await work()
    return 'done'
  } catch (error) {
    const { _tag, code } = /** @type {{ _tag?: unknown, code?: string }} */ (error)
    if (_tag !== 'PersistenceError') throw error
    return String(code)
  }
}

await takeOrders(async ([order = '', ...words]) => orders[order]?.(...words))
