import { ownerConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
// In a file of its own, because most changes do not touch them. The others of these tests are in test/builds and test/models:
// each step of theirs takes a thread.
ownerConformance(runner, engine, 'runtime')
