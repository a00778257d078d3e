import { adapterConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
adapterConformance(runner, engine)
