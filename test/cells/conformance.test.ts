import { conformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()
// Each of the cells draws other examples, so half of them in each are still several times the whole; a soak sets more.
process.env.CONFORMANCE_RUNS ??= '0.5'
conformance(runner, engine)
