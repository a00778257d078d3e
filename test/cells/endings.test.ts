import { endings } from '@go-go-scope/persistence-conformance/workspace'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()
// On each runtime, because the runtime decides what keeps a process alive.
endings(runner, engine)
