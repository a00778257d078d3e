import { serverConformance } from '@go-go-scope/persistence-conformance'
import { engine, proveCell, runner } from './cell.js'

proveCell()
// Each of the cells draws other examples, so a part of them in each is still several times the whole; a soak sets more.
process.env.CONFORMANCE_RUNS ??= '0.25'
serverConformance(runner, engine)
