import { adapterConformance } from '@go-go-scope/persistence-conformance'
import { cell, engine, runner } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()
// A soak runs all of it in each cell.
const isWhole = cell.group === 'conformance' || process.env.SOAK !== undefined
adapterConformance(runner, engine, isWhole ? undefined : 'runtime')
