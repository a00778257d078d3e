import { ownerConformance } from './conformance.js'
import type { EngineUnderTest } from './engine-under-test.js'
import type { Runner } from './runner.js'
import type { EngineSuite } from './suite.js'
import { backupManners } from './suites/backup-manners.js'
import { backupRotation } from './suites/backup-rotation.js'
import { restoreRefusals } from './suites/restore-refusals.js'

const SUITES: readonly EngineSuite[] = [backupManners, backupRotation, restoreRefusals]

/**
 * Declares the promises that are tested on one engine for all of them, because their code is the same on each engine and
 * each test step needs a thread.
 */
export function oneEngineConformance(runner: Runner, engine: EngineUnderTest): void {
  ownerConformance(runner, engine, 'core')
  for (const suite of SUITES) suite(runner, engine)
}
