import type { SqlDriver } from '../../../driver/driver.js'
import type { BackupSteps } from '../engine/backup-steps.js'
import type { LoadedEngine } from '../engine/loaded-engine.js'

/** The engine of a front end, loaded in its own thread. */
export interface ThreadEngine<Handle extends object> extends LoadedEngine<Handle> {
  driver(handle: Handle): SqlDriver
  /**
   * Copies the database under `source` page by page into `target`, an empty file, with the engine's own backup. Settles when the
   * engine has closed the target. Absent when the engine has no backup; the copy is then made by SQL.
   */
  backup?(source: Handle, target: string, steps: BackupSteps): Promise<void>
}

/** @param name The name of the engine, from its driver. */
export type LoadInThread<Handle extends object> = (name: string) => Promise<ThreadEngine<Handle>>
