import { threadedConformance } from '@go-go-scope/persistence-conformance'
import { describe } from 'vitest'
import { runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { threaded } from '../thread/threaded.js'

proveCell()
// This tests the messages. The cells of the engines test each store with many more examples.
process.env.CONFORMANCE_RUNS ??= '0.05'
describe('with the engine in a thread of its own', () => {
  threadedConformance(runner, threaded, 'way')
})
