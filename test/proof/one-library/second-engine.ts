import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { type EngineName, engines } from '../../../scripts/engines.mjs'
import { cell } from '../../cells/cell.js'

/** Returns an engine of this runtime with another copy of SQLite than the cell's engine. */
function nameOfSecond(): EngineName {
  if (cell.engine !== 'sqlite3') return 'sqlite3'
  return cell.runtime === 'bun' ? 'bun:sqlite' : '@photostructure/sqlite'
}

const module: { engine: EngineUnderTest } = await import(
  new URL(`../../cells/engines/${engines[nameOfSecond()].module}.mjs`, import.meta.url).href
)

export const secondEngine: EngineUnderTest = module.engine
