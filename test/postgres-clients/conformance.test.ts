import { clientConformance, serverConformance } from '@go-go-scope/persistence-conformance'
import { engine, proveCell, runner } from '../postgres/cell.js'

proveCell()
// The statements are those of `postgres:pg`, where all suites run with more examples; a soak sets more here too.
process.env.CONFORMANCE_RUNS ??= '0.1'
const declareSuites = process.env.SOAK === undefined ? clientConformance : serverConformance
declareSuites(runner, engine)
