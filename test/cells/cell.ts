import type { EngineUnderTest, Runner } from '@go-go-scope/persistence-conformance'
import { describe, test } from 'vitest'
import { type EngineName, engines } from '../../scripts/engines.mjs'
import { runs } from '../matrix.mjs'

// Set by scripts/test.mjs. There is no default engine.
const declared = runs.find((run) => run.engine !== undefined && run.name === process.env.CELL)
if (declared?.engine === undefined) throw new Error('start a cell with `npm test -- --cell sqlite3:node20`')

/** The declared cell that this process runs. */
export const cell = { ...declared, engine: declared.engine as EngineName }

const module: { engine: EngineUnderTest } = await import(
  cell.engine in engines
    ? new URL(`engines/${engines[cell.engine].module}.mjs`, import.meta.url).href
    : new URL(`../postgres/engines/${declared.engine.replace('postgres:', '')}.mjs`, import.meta.url).href
)

/** The cell's front end on its engine. */
export const engine: EngineUnderTest = module.engine

/** vitest as the suites expect it: without the argument that vitest passes to a test's body. */
export const runner: Runner = {
  describe,
  test: (name, body, timeoutMs) => test(name, () => body(), timeoutMs),
}
