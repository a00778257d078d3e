import { clientConformance, serverConformance } from '@go-go-scope/persistence-conformance'
import { engine, proveCell, runner } from './cell.js'

proveCell()
// Each cell draws different examples, so a part of them per cell still tests several times the whole; a soak sets more.
process.env.CONFORMANCE_RUNS ??= '0.25'
// PGlite runs the same server and differs only in how it is called. A soak runs all suites on it too.
const whole = engine.name !== 'postgres:pglite' || process.env.SOAK !== undefined
const declareSuites = whole ? serverConformance : clientConformance
declareSuites(runner, engine)
