import { remoteConformance, remoteEngine } from '@go-go-scope/persistence-conformance/workspace'
import { describe } from 'vitest'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()
// As in test/remote, which has these suites in a soak.
process.env.CONFORMANCE_RUNS ??= '0.05'
if (process.env.SOAK === undefined) {
  describe('over a port', () => {
    remoteConformance(runner, remoteEngine(engine), 'rest')
  })
}
