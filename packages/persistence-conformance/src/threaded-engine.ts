import { existsSync, writeFileSync } from 'node:fs'
import { type StartWorker, ThreadedHandle } from '@go-go-scope/persistence-core'
import type { EngineUnderTest, OpenOptionsUnderTest } from './engine-under-test.js'

/** How the engine is started in another thread. */
export interface ThreadUnderTest {
  /** Starts the export `./thread` of its package. */
  readonly startWorker: StartWorker
  /** The same as that of its driver. */
  readonly library: unknown
}

/** Returns the package of `engine` with every handle, and every database opened by `open`, in its own thread. */
export function threadedEngine(engine: EngineUnderTest, { startWorker, library }: ThreadUnderTest): EngineUnderTest {
  const { SQLiteAdapter } = engine
  class ThreadedAdapter extends SQLiteAdapter {
    static override open(path: string, options?: OpenOptionsUnderTest) {
      // A database in memory stays in this thread. Copied by descriptor, so that only the adapter runs a getter.
      const worker = path === ':memory:' ? {} : { worker: startWorker }
      const given = Object.getOwnPropertyDescriptors(options ?? {})
      return SQLiteAdapter.open(path, Object.defineProperties(worker, given))
    }
  }

  return {
    ...engine,
    SQLiteAdapter: ThreadedAdapter,

    async openHandle(path) {
      // Not every engine creates a missing file.
      if (path !== ':memory:' && !existsSync(path)) writeFileSync(path, '')
      const loaded = { name: engine.name, library, open: () => Promise.reject(new Error('the thread opens')) }
      const handle = await ThreadedHandle.open(path, false, loaded, { startWorker, readers: 0 })
      // A test's own writes contend with those of the adapter's thread. An error is ignored, because the adapter reports it.
      await handle.driver.query('PRAGMA busy_timeout = 1000', []).catch(() => undefined)
      return handle
    },

    rows: (handle, sql, params = []) => (handle as ThreadedHandle).driver.query(sql, params),
    closeHandle: (handle) => (handle as ThreadedHandle).driver.close(),
  }
}
