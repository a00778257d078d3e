// The app: stores orders one after the other, and backs itself up meanwhile. main.mjs starts it and tells it what to do.
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { missingOrders, storeOrder } from './orders.mjs'

const [, , database = ''] = process.argv
if (process.send === undefined) throw new Error('app.mjs is started by main.mjs')
const say = (/** @type {object} */ message) => void process.send?.(message)

// Keeps the process alive until main.mjs ends it, also when it could not start.
process.on('message', () => {})

try {
  const persistence = await SQLiteAdapter.open(database)
  // Reads every table, so that an app on a damaged file does not start.
  await persistence.stats()

  const tasks = {
    /** Gives the backup something to copy. */
    async fill() {
      const page = 'x'.repeat(4_000)
      for (let at = 0; at < 15; at++) {
        await persistence.cache.setMany(Array.from({ length: 100 }, (_, index) => [`page:${at}:${index}`, page]))
      }
    },
    /** Stores orders until the process ends, and says which are acknowledged. @param {{ from: number }} options */
    async store({ from }) {
      for (let number = from; ; number++) {
        await storeOrder(persistence, number)
        say({ acknowledged: number })
      }
    },
    /** @param {{ path: string }} options */
    backup: ({ path }) =>
      // Small steps, so that there is a progress to be seen.
      persistence.backup(path, { rate: 100, progress: (progress) => say({ progress }) }),
    /** @param {{ first: number, last: number }} options */
    missing: ({ first, last }) => missingOrders(persistence, first, last),
  }

  process.on('message', async (/** @type {{ task: keyof typeof tasks, options: any }} */ { task, options }) => {
    try {
      say({ task, answer: await tasks[task](options) })
    } catch (error) {
      fail(error)
    }
  })
  say({ task: 'start' })
} catch (error) {
  fail(error)
}

/** @param {unknown} error */
function fail(error) {
  const { code, message } = /** @type {Error & { code?: string }} */ (error)
  say({ failure: { code, message } })
}
