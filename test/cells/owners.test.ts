import { ownerConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
// A separate file, because most changes do not affect owners. Their other tests are in test/builds and test/models, because
// each step starts a thread.
ownerConformance(runner, engine, 'runtime')
