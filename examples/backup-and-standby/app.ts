// The app stores orders one after the other and backs up its database meanwhile. main.ts starts and controls it.
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import type { Answers, FromApp, Task, ToApp } from './app-messages.ts'
import { missingOrders, storeOrder } from './orders.ts'

const [, , database = ''] = process.argv
if (process.send === undefined) throw new Error('app.ts is started by main.ts')
const say = (message: FromApp) => void process.send?.(message)

// Keeps the process alive until main.ts ends it, even if the start fails.
process.on('message', () => {})

try {
  const persistence = await SQLiteAdapter.open(database)
  // Reads every table, so that the app does not start on a damaged file.
  await persistence.stats()

  const tasks: { [Name in Task]: (options: ToApp<Name>['options']) => Promise<Answers[Name]> } = {
    /** Fills the database, so that a backup takes a while. */
    async fill() {
      const page = 'x'.repeat(4_000)
      for (let at = 0; at < 15; at++) {
        await persistence.cache.setMany(Array.from({ length: 100 }, (_, index) => [`page:${at}:${index}`, page]))
      }
    },
    /** Stores orders until the process ends, and reports each acknowledged one. */
    async store({ from }) {
      for (let number = from; ; number++) {
        await storeOrder(persistence, number)
        say({ acknowledged: number })
      }
    },
    backup: ({ path }) =>
      // Small steps, so that the progress is visible.
      persistence.backup(path, { rate: 100, progress: (progress) => say({ progress }) }),
    missing: ({ first, last }) => missingOrders(persistence, first, last),
  }

  process.on('message', async <Name extends Task>({ task, options }: ToApp<Name>) => {
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

function fail(error: unknown): void {
  const { code, message } = error as Error & { code?: string }
  say({ failure: { message, ...(code !== undefined && { code }) } })
}
