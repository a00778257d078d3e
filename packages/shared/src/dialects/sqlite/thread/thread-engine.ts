import type { SqlDriver } from '../../../driver/driver.js'
import type { BackupSteps } from '../engine/backup-steps.js'
import type { LoadedEngine } from '../engine/loaded-engine.js'

/** The engine of a front end, loaded in a thread of its own. */
export interface ThreadEngine<Handle extends object> extends LoadedEngine<Handle> {
  driver(handle: Handle): SqlDriver
  /**
   * Copies the database under `source` page by page into `target`, an empty file, by the engine's own means. Settles when
   * the engine has let go of the target. Absent where the engine has none; then a copy is made by SQL.
   */
  backup?(source: Handle, target: string, steps: BackupSteps): Promise<void>
}

/** @param name Of the engine, as its driver names it. */
export type LoadInThread<Handle extends object> = (name: string) => Promise<ThreadEngine<Handle>>
