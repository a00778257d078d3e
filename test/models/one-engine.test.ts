import { oneEngineConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { onOneThread } from '../proof/thread/on-one-thread.js'

proveCell()
oneEngineConformance(runner, onOneThread(engine))
