import { endings } from '@go-go-scope/persistence-conformance/workspace'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()
// On each runtime, because what keeps a process alive is the runtime's matter.
endings(runner, engine)
