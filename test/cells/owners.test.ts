import { ownerConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
// In a file of its own, because these take half of the time of a cell and most changes do not touch them.
ownerConformance(runner, engine)
