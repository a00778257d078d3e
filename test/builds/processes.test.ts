import { processConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()
processConformance(runner, engine)
