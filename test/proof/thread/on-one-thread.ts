import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { THREAD } from '../copies/by-blocks.js'
import { SharedThread } from './shared-thread.js'

type Adapter = Awaited<ReturnType<EngineUnderTest['SQLiteAdapter']['open']>>

/**
 * Returns the engine with one thread for all its copies and standbys, for tests that do not examine how a thread starts or ends.
 * With a real thread for each where there is no other way (shared-thread.ts), on an engine that closes files when their thread
 * ends, and in a soak.
 */
export function onOneThread(engine: EngineUnderTest): EngineUnderTest {
  const needsThreads = process.versions.bun !== undefined || engine.name === '@photostructure/sqlite'
  if (needsThreads || process.env.SOAK !== undefined) return engine
  const { BackupSchedule, restore, SQLiteAdapter, Standby, verifyBackup } = engine
  const { start: worker } = new SharedThread(THREAD)

  /** Options that are none are passed on, so that they are refused. Descriptors are copied, so that only an adapter runs getters. */
  function sharing<Options>(options: Options = {} as Options): Options {
    if (typeof options !== 'object' || options === null) return options
    return Object.defineProperties({ worker }, Object.getOwnPropertyDescriptors(options)) as Options
  }

  function backingUpInIt(adapter: Adapter): Adapter {
    const { backup } = adapter
    adapter.backup = (path, options) => backup.call(adapter, path, sharing(options))
    return adapter
  }

  class SharingAdapter extends SQLiteAdapter {
    constructor(...given: ConstructorParameters<EngineUnderTest['SQLiteAdapter']>) {
      super(...given)
      backingUpInIt(this)
    }

    static override async open(...given: Parameters<EngineUnderTest['SQLiteAdapter']['open']>) {
      return backingUpInIt(await SQLiteAdapter.open(...given))
    }
  }

  return {
    ...engine,
    SQLiteAdapter: SharingAdapter,
    BackupSchedule: { start: (adapter, options) => BackupSchedule.start(adapter, sharing(options)) },
    verifyBackup: (path, options) => verifyBackup(path, sharing(options)),
    restore: (backup, target, options) => restore(backup, target, sharing(options)),
    Standby: { follow: (source, options) => Standby.follow(source, sharing(options)) },
  }
}
