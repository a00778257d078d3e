import { briefConformance } from '@go-go-scope/persistence-conformance'
import { cell, engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()
// As in the cells (test/cells/set-example-count.ts): versions of Node have builds of node:sqlite that no other run has, and the
// builds of the other engines are those of their cells.
process.env.CONFORMANCE_RUNS ??= cell.engine === 'node:sqlite' ? '0.2' : '0.125'
briefConformance(runner, engine)
