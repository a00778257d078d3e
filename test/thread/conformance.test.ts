import { threadedConformance } from '@go-go-scope/persistence-conformance'
import { describe } from 'vitest'
import { runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { threaded } from './threaded.js'

proveCell()
// This tests the messages. The cells of the engines test each store with many more examples.
process.env.CONFORMANCE_RUNS ??= '0.05'
// What is the same for all engines is tested in test/thread-suites.
describe('with the engine in a thread of its own', () => {
  threadedConformance(runner, threaded, process.env.SOAK === undefined ? 'engine' : 'whole')
})
