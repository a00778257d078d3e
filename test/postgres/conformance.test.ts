import { clientConformance, serverConformance } from '@go-go-scope/persistence-conformance'
import { engine, proveCell, runner } from './cell.js'

proveCell()
// Each of the cells draws other examples, so a part of them in each is still several times the whole; a soak sets more.
process.env.CONFORMANCE_RUNS ??= '0.25'
// PGlite is the same server: what it is called by differs, and a soak runs all suites on it too.
const whole = engine.name !== 'postgres:pglite' || process.env.SOAK !== undefined
const declareSuites = whole ? serverConformance : clientConformance
declareSuites(runner, engine)
