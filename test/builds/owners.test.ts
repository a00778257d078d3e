import { ownerConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { onOneThread } from '../proof/thread/on-one-thread.js'

proveCell()
// Half of the random histories, because each build runs different ones.
process.env.CONFORMANCE_RUNS ??= '0.5'
ownerConformance(runner, onOneThread(engine), 'build')
