import { processConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()
processConformance(runner, engine)
