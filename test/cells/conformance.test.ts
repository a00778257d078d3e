import { adapterConformance, runtimeConformance } from '@go-go-scope/persistence-conformance'
import { cell, engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
// The first runtime of each engine holds everything, the others what depends on them; in a soak all hold everything.
const declare = cell.group === 'runtimes' && process.env.SOAK === undefined ? runtimeConformance : adapterConformance
declare(runner, engine)
