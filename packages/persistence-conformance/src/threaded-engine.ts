import { existsSync, writeFileSync } from 'node:fs'
import { type StartWorker, ThreadedHandle } from '@go-go-scope/persistence-core'
import type { EngineUnderTest, OpenOptionsUnderTest } from './engine-under-test.js'

/** Where the engine is, besides in this thread. */
export interface ThreadUnderTest {
  /** Starts the export `./thread` of its package. */
  readonly startWorker: StartWorker
  /** As its driver's. */
  readonly library: unknown
}

/** The front end of `engine` with each handle, and what `open` opens, in a thread of its own. */
export function threadedEngine(engine: EngineUnderTest, { startWorker, library }: ThreadUnderTest): EngineUnderTest {
  const { SQLiteAdapter } = engine
  class ThreadedAdapter extends SQLiteAdapter {
    static override open(path: string, options?: OpenOptionsUnderTest) {
      // Not in a thread: a database in memory. By descriptor, so that a getter is left to the adapter.
      const worker = path === ':memory:' ? {} : { worker: startWorker }
      const given = Object.getOwnPropertyDescriptors(options ?? {})
      return SQLiteAdapter.open(path, Object.defineProperties(worker, given))
    }
  }

  return {
    ...engine,
    SQLiteAdapter: ThreadedAdapter,

    async openHandle(path) {
      // Not every engine makes one.
      if (path !== ':memory:' && !existsSync(path)) writeFileSync(path, '')
      const loaded = { name: engine.name, library, open: () => Promise.reject(new Error('the thread opens')) }
      const handle = await ThreadedHandle.open(path, false, loaded, { startWorker, readers: 0 })
      // What a test writes by a handle of its own meets writes of the adapter's thread. What is no database the adapter refuses.
      await handle.driver.query('PRAGMA busy_timeout = 1000', []).catch(() => undefined)
      return handle
    },

    rows: (handle, sql, params = []) => (handle as ThreadedHandle).driver.query(sql, params),
    closeHandle: (handle) => (handle as ThreadedHandle).driver.close(),
  }
}
