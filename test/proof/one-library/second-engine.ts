import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { cell } from '../../cells/cell.js'
import { engines } from '../../matrix.mjs'

/** An engine of this runtime that brings another copy of SQLite than that of the cell. */
function nameOfSecond(): keyof typeof engines {
  if (cell.engine !== 'sqlite3') return 'sqlite3'
  return cell.runtime === 'bun' ? 'bun:sqlite' : '@photostructure/sqlite'
}

const module: { engine: EngineUnderTest } = await import(
  new URL(`../../cells/engines/${engines[nameOfSecond()].module}`, import.meta.url).href
)

export const secondEngine: EngineUnderTest = module.engine
