import { adapterConformance } from '@go-go-scope/persistence-conformance'
import { afterAll, beforeAll } from 'vitest'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import '../cells/set-example-count.js'

// The other cells of a build do not draw examples for these suites.
const MORE_EXAMPLES = 1.5

const inOtherFiles = process.env.CONFORMANCE_RUNS
beforeAll(() => {
  process.env.CONFORMANCE_RUNS = String(Number(inOtherFiles) * MORE_EXAMPLES)
})
afterAll(() => {
  process.env.CONFORMANCE_RUNS = inOtherFiles
})

proveCell()
// A soak has them in every cell.
if (process.env.SOAK === undefined) adapterConformance(runner, engine, 'build')
