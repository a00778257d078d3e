import { adapterConformance } from '@go-go-scope/persistence-conformance'
import { engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
// What depends only on the build of SQLite is tested once for each build, in test/build-suites.
adapterConformance(runner, engine, process.env.SOAK === undefined ? 'runtime' : undefined)
