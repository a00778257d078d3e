import { resolveOptions } from '../../../adapter/adapter-options.js'
import { withoutThread } from '../copies/engine-choice.js'
import type { LoadedEngine } from '../engine/loaded-engine.js'
import type { StartWorker } from '../thread/worker.js'
import { ThreadedHandle } from '../threaded-engine/threaded-handle.js'
import type { Opener } from './open-adapter.js'
import { type OpenOptions, resolveOpenOptions } from './open-options.js'
import type { SqliteAdapter } from './sqlite-adapter.js'

/** How to open, and the parts of the front end that open it. */
interface Opening<Adapter> {
  readonly options: OpenOptions
  readonly startWorker: StartWorker | undefined
  load(): Promise<LoadedEngine<object>>
  adapter(handle: ThreadedHandle): Adapter
}

/**
 * Opens a file on an engine in its own thread.
 *
 * @throws (as a rejection of its `load`) PersistenceError `ENGINE_UNSUPPORTED` for a front end without a thread.
 */
export function threadedOpener<Adapter extends SqliteAdapter>({
  options,
  startWorker,
  load,
  adapter,
}: Opening<Adapter>): Opener<ThreadedHandle, Adapter> {
  return {
    async load() {
      const engine = await load()
      const { worker, readers } = resolveOpenOptions(options)
      const start = typeof worker === 'function' ? worker : startWorker
      if (start === undefined) throw withoutThread(engine.name, 'open')
      const { clock } = resolveOptions(options)
      const threaded = { startWorker: start, readers, clock }
      return { ...engine, open: (file, readOnly) => ThreadedHandle.open(file, readOnly, engine, threaded) }
    },
    driver: ({ driver }) => driver,
    adapter,
    tuned: (handle) => handle.keepSettings(),
  }
}
